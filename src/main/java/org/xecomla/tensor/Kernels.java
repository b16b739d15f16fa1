package org.xecomla.tensor;

/**
 * The fused operations that the model is made of, grouped by operation, each forward beside its backward, over
 * row-major views.
 *
 * <p>Legend of all groups: N rows, commonly B * T; D features; H heads; V vocabulary. Unless an argument says "adds",
 * results overwrite. Outputs may not overlap inputs unless the operation says "in place". Scratch is the
 * implementation's own.
 *
 * <p>Implementations: {@code CpuKernels} (float: cblas and the Vector API; no operation allocates off-heap memory once
 * its scratch has grown), {@code Nd4jKernels} (float and double, every ND4J back end, the reference),
 * {@code TorchKernels} (float and double, libtorch on the processor), {@code SizingKernels} (nothing: for the dry run
 * that sizes an {@link Arena}).
 */
public interface Kernels extends AutoCloseable {
    /** The type of every tensor these kernels take. */
    ElementType type();

    /** Where every tensor these kernels take lives. */
    Memory memory();

    Elementwise elementwise();

    Gemm gemm();

    Bias bias();

    Norm norm();

    Rope rope();

    HeadCopy headCopy();

    HeadScale headScale();

    Attention attention();

    SwiGlu swiGlu();

    Embedding embedding();

    Head head();

    AdamW adamW();

    /** Stops the worker threads, if there are any, and frees the scratch. */
    @Override
    void close();
}
