package org.xecomla.serve;

import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.CpuKernels;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Nd4jKernels;

/** The kernels that a configuration asks for, in float. */
public final class ComputeKernels {
    private ComputeKernels() {}

    /** Kernels of {@code compute.kernels} on {@code numThreads} threads of this machine. The caller closes them. */
    public static Kernels of(ComputeConfig compute, int numThreads) {
        compute.requireComputable();
        return switch (compute.kernels()) {
            case CPU -> new CpuKernels(numThreads, compute.precision());
            case ND4J -> new Nd4jKernels(DataType.FLOAT);
        };
    }

    /** {@link #of(ComputeConfig, int)} on the threads that are configured, or all there are. */
    public static Kernels of(ComputeConfig compute) {
        return of(compute, compute.threadsHere());
    }
}
