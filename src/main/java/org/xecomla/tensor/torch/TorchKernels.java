package org.xecomla.tensor.torch;

import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.GroupedKernels;
import org.xecomla.tensor.Memory;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * Kernels made of libtorch's operations, in FLOAT or DOUBLE, on the machine's memory that ND4J allocates: forward and
 * backward are explicit calls, libtorch's own differentiation is off.
 *
 * <p>An operation frees what it made before it returns. One thread at a time.
 */
public final class TorchKernels extends GroupedKernels {
    private final ElementType type;
    private final Groups groups;

    /** @throws LinkageError where libtorch or its binding is not there */
    public TorchKernels(ElementType type, int numThreads) {
        this.type = type;
        TorchViews views = new TorchViews(type, numThreads);
        this.groups = new Groups(
                new TorchElementwise(views),
                new TorchGemm(views),
                new TorchBias(views),
                new TorchNorm(views),
                new TorchRope(views),
                new TorchHeadCopy(views),
                new TorchHeadScale(views),
                new TorchAttention(views),
                new TorchSwiGlu(views),
                new TorchEmbedding(views),
                new TorchHead(views),
                new TorchAdamW(views));
    }

    @Override
    public ElementType type() {
        return type;
    }

    @Override
    public Memory memory() {
        return Nd4jMemory.INSTANCE;
    }

    @Override
    protected Groups groups() {
        return groups;
    }

    /** Nothing outlives an operation: neither scratch nor threads of ours. */
    @Override
    public void close() {}
}
