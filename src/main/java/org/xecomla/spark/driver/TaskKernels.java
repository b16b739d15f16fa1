package org.xecomla.spark.driver;

import java.util.OptionalInt;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;

/**
 * Kernels for what runs in the driver or in one Spark task; see {@link ModelTasks} for what such a task asks of Spark.
 */
public final class TaskKernels {
    private static final String DRIVER = "driver"; // as Spark calls it

    private TaskKernels() {}

    /**
     * The configured kernels, on the GPU that Spark gives the task where GPUs are asked for, and on as many threads as
     * configured, else on the task's cores, since several tasks may share a machine; in the driver, on all of its
     * cores. The caller closes them.
     *
     * @throws UserException where a GPU is asked for and there is none
     */
    public static Kernels of(RunConfig config) {
        TaskContext task = TaskContext.get();
        int threads = task == null
                ? config.compute().threadsHere()
                : config.compute().threads().orElse(task.cpus());
        return ComputeKernels.of(config.compute(), threads, gpu(config, task));
    }

    /** Index of the GPU that Spark gives {@code task}; empty: none is asked for. */
    public static OptionalInt gpu(RunConfig config, TaskContext task) {
        if (config.spark().gpusPerExecutor() == 0) {
            return OptionalInt.empty();
        }
        ResourceInformation given = task == null ? null : task.resourcesJMap().get(ModelTasks.GPU);
        if (given != null && given.addresses().length > 0) {
            return OptionalInt.of(index(given.addresses()[0]));
        }
        if (SparkEnv.get().executorId().equals(DRIVER)) {
            return OptionalInt.of(0); // master local gives tasks no resources
        }
        throw new UserException("spark.gpus-per-executor = 1 and Spark gave this task no GPU: executor "
                + SparkEnv.get().executorId() + " was started without one");
    }

    private static int index(String address) {
        try {
            return Integer.parseInt(address.strip());
        } catch (NumberFormatException e) {
            throw new UserException(
                    "the GPU \"" + address + "\" has no number: spark.gpu-discovery-script must name devices by index",
                    e);
        }
    }
}
