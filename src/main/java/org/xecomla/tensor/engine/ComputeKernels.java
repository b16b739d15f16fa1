package org.xecomla.tensor.engine;

import java.util.OptionalInt;
import org.xecomla.config.ComputeConfig;
import org.xecomla.errors.UserException;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;
import org.xecomla.tensor.torch.TorchKernels;

/** The kernels that a configuration asks for, in float. */
public final class ComputeKernels {
    private ComputeKernels() {}

    /** Kernels of {@code compute.kernels} on {@code numThreads} threads of this machine. The caller closes them. */
    public static Kernels of(ComputeConfig compute, int numThreads) {
        return of(compute, numThreads, OptionalInt.empty());
    }

    /**
     * The same on one of several GPUs, where the kernels are ND4J's: those of the processor leave it alone.
     *
     * @param gpu index of the device; empty: the first, where the build is one for GPUs
     * @throws org.xecomla.errors.UserException where there is no such device, or ND4J has no code for it
     */
    public static Kernels of(ComputeConfig compute, int numThreads, OptionalInt gpu) {
        compute.requireComputable();
        return switch (compute.kernels()) {
            case CPU -> new CpuKernels(numThreads, compute.precision());
            case ND4J -> {
                if (gpu.isPresent() || Device.isGpu()) {
                    Device.use(gpu.orElse(0));
                }
                yield new Nd4jKernels(ElementType.FLOAT);
            }
            case TORCH -> torch(numThreads);
        };
    }

    private static Kernels torch(int numThreads) {
        try {
            return new TorchKernels(ElementType.FLOAT, numThreads);
        } catch (LinkageError e) {
            throw new UserException(
                    "compute.kernels = torch needs libtorch, and it does not load (" + e + "): build with"
                            + " XECOMLA_MAVEN_FLAGS=-Ptorch, on Linux with glibc 2.35 or later, or set"
                            + " compute.kernels = cpu",
                    e);
        }
    }

    /** {@link #of(ComputeConfig, int)} on the threads that are configured, or all there are. */
    public static Kernels of(ComputeConfig compute) {
        return of(compute, compute.threadsHere());
    }
}
