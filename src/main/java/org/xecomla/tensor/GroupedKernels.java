package org.xecomla.tensor;

/** Kernels that hold one object for each group of operations, made when they are. */
public abstract class GroupedKernels implements Kernels {
    /** One of each. */
    public record Groups(
            Elementwise elementwise,
            Gemm gemm,
            Bias bias,
            Norm norm,
            Rope rope,
            HeadCopy headCopy,
            HeadScale headScale,
            Attention attention,
            SwiGlu swiGlu,
            Embedding embedding,
            Head head,
            AdamW adamW) {}

    /** The same object at every call: operations are asked for in the step. */
    protected abstract Groups groups();

    @Override
    public final Elementwise elementwise() {
        return groups().elementwise();
    }

    @Override
    public final Gemm gemm() {
        return groups().gemm();
    }

    @Override
    public final Bias bias() {
        return groups().bias();
    }

    @Override
    public final Norm norm() {
        return groups().norm();
    }

    @Override
    public final Rope rope() {
        return groups().rope();
    }

    @Override
    public final HeadCopy headCopy() {
        return groups().headCopy();
    }

    @Override
    public final HeadScale headScale() {
        return groups().headScale();
    }

    @Override
    public final Attention attention() {
        return groups().attention();
    }

    @Override
    public final SwiGlu swiGlu() {
        return groups().swiGlu();
    }

    @Override
    public final Embedding embedding() {
        return groups().embedding();
    }

    @Override
    public final Head head() {
        return groups().head();
    }

    @Override
    public final AdamW adamW() {
        return groups().adamW();
    }
}
