package org.xecomla.spark;

import org.apache.spark.TaskContext;
import org.xecomla.config.RunConfig;
import org.xecomla.serve.ComputeKernels;
import org.xecomla.tensor.Kernels;

/** Kernels for what runs in the driver or in one Spark task. */
final class TaskKernels {
    private TaskKernels() {}

    /**
     * The configured kernels on as many threads as configured, else on the cores that Spark gives the task
     * (spark.task.cpus), since several tasks may share a machine; in the driver, on all of its cores. The caller closes them.
     */
    static Kernels of(RunConfig config) {
        TaskContext task = TaskContext.get();
        if (task == null) {
            return ComputeKernels.of(config.compute());
        }
        int cores = task.cpus();
        return ComputeKernels.of(config.compute(), config.compute().threads().orElse(cores));
    }
}
