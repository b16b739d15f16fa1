package org.xecomla.tensor;

import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.config.UserException;

/** The GPU that ND4J's arrays live on, where this build has a back end for GPUs and the machine has one. */
public final class Device {
    private Device() {}

    /** Whether ND4J computes on a GPU: the build's choice (profile {@code cuda}), not a run's. */
    public static boolean isGpu() {
        return !Nd4j.getEnvironment().isCPU();
    }

    /** How many of them ND4J sees. */
    public static int count() {
        return isGpu() ? Nd4j.getAffinityManager().getNumberOfDevices() : 0;
    }

    /**
     * Puts what the calling thread makes from here on onto one device.
     *
     * @param index as the GPU's driver counts them, from 0
     * @throws UserException where the build has no back end for GPUs, or the machine no such device
     */
    public static void use(int index) {
        if (!isGpu()) {
            throw new UserException(
                    "GPU " + index + " was asked for, but this build computes on the processor: build with"
                            + " XECOMLA_MAVEN_FLAGS=-Pcuda, or set compute.kernels = cpu and spark.gpus-per-executor = 0");
        }
        int count = count();
        if (index < 0 || index >= count) {
            throw new UserException("GPU " + index + " was given to this task, and ND4J sees " + count
                    + " of them: look at spark.gpu-discovery-script and CUDA_VISIBLE_DEVICES");
        }
        Nd4j.getAffinityManager().unsafeSetDevice(index);
    }
}
