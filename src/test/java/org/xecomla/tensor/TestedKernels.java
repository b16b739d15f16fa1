package org.xecomla.tensor;

import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;
import org.xecomla.tensor.torch.TorchKernels;

/**
 * Kernels that a ring of tests is about: {@code -Dtest.kernels=torch}, which profile {@code torch} sets, puts
 * libtorch's in the place of all that the default ring runs on.
 */
public final class TestedKernels {
    private static final boolean TORCH = "torch".equals(System.getProperty("test.kernels"));

    private TestedKernels() {}

    public static boolean areTorch() {
        return TORCH;
    }

    /** Those that come in both types: ND4J's, or libtorch's in its ring. */
    public static Kernels inBothTypes(ElementType type) {
        return TORCH ? new TorchKernels(type, 2) : new Nd4jKernels(type);
    }

    /** Those that a run in {@code type} takes, on one thread. */
    public static Kernels ofRun(ElementType type) {
        return TORCH || type == ElementType.DOUBLE ? inBothTypes(type) : new CpuKernels(1);
    }

    /** What {@link #inBothTypes} makes, in reports. */
    public static String name() {
        return TORCH ? "torch" : "nd4j";
    }
}
