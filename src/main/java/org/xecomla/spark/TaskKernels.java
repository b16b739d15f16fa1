package org.xecomla.spark;

import org.apache.spark.TaskContext;
import org.xecomla.config.RunConfig;
import org.xecomla.serve.ComputeKernels;
import org.xecomla.tensor.Kernels;

/** Kernels for one Spark task. */
final class TaskKernels {
    private TaskKernels() {}

    /**
     * The configured kernels on as many threads as configured, else on the cores that Spark gives the task
     * (spark.task.cpus): several tasks may share a machine. The caller closes them.
     */
    static Kernels of(RunConfig config) {
        int cores = TaskContext.get().cpus();
        return ComputeKernels.of(config.compute(), config.compute().threads().orElse(cores));
    }
}
