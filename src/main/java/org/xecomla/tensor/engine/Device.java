package org.xecomla.tensor.engine;

import java.util.Optional;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.xecomla.errors.UserException;
import org.xecomla.tensor.memory.Nd4jMemory;

/** The GPU that ND4J's arrays live on, where this build has a back end for GPUs and the machine has one. */
public final class Device {
    /**
     * libnd4jcuda 1.0.0-M2.1 holds machine code for 3.7 to 8.6 and no PTX: 8.9 runs the code of 8.6, 9.0 and later have
     * none.
     */
    private static final int NEWEST_MAJOR = 8;

    private Device() {}

    /** Whether ND4J computes on a GPU: the build's choice (profile {@code cuda}), not a run's. */
    public static boolean isGpu() {
        return !Nd4jMemory.isOnHost();
    }

    /** How many of them ND4J sees. */
    public static int count() {
        return isGpu() ? Nd4j.getAffinityManager().getNumberOfDevices() : 0;
    }

    /**
     * Why ND4J cannot compute on a device, in words that name it; empty where it can. Without this question the first
     * operation fails by "cudaGetSymbolAddress(...) failed; Error code: [13]", as seen on an H200.
     *
     * @param index from 0, below {@link #count()}
     */
    public static Optional<String> obstacle(int index) {
        NativeOps ops = NativeOpsHolder.getInstance().getDeviceNativeOps();
        return obstacle(index, ops.getDeviceMajor(index), ops.getDeviceMinor(index));
    }

    static Optional<String> obstacle(int index, int major, int minor) {
        return major <= NEWEST_MAJOR
                ? Optional.empty()
                : Optional.of(
                        "GPU " + index + " has compute capability " + major + "." + minor + ", and nd4j-cuda-11.6 has"
                                + " code for 3.7 to 8.9 (Kepler to Ada) only: use such a GPU, or compute.kernels = "
                                + "cpu");
    }

    /**
     * Puts what the calling thread makes from here on onto one device.
     *
     * @param index as the GPU's driver counts them, from 0
     * @throws UserException where the build has no back end for GPUs, or the machine no such device, or
     *     one that ND4J has no code for
     */
    public static void use(int index) {
        if (!isGpu()) {
            throw new UserException(
                    "GPU " + index + " was asked for, but this build computes on the processor: build with"
                            + " XECOMLA_MAVEN_FLAGS=-Pcuda, or set compute.kernels = cpu and "
                            + "spark.gpus-per-executor = 0");
        }
        int count = count();
        if (index < 0 || index >= count) {
            throw new UserException("GPU " + index + " was given to this task, and ND4J sees " + count
                    + " of them: look at spark.gpu-discovery-script and CUDA_VISIBLE_DEVICES");
        }
        obstacle(index).ifPresent(why -> {
            throw new UserException(why);
        });
        Nd4j.getAffinityManager().unsafeSetDevice(index);
    }
}
