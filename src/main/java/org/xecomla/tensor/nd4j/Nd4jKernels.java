package org.xecomla.tensor.nd4j;

import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.GroupedKernels;
import org.xecomla.tensor.Memory;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * Kernels made of ND4J operations that every back end has, in FLOAT or DOUBLE: the way to a GPU, and the reference of
 * {@code CpuKernels}.
 *
 * <p>No operation reads device memory on the host, but for the results that the interface hands out as heap arrays.
 * Attention holds the probabilities (T, S) of all key heads of one sequence at a time. One thread at a time.
 */
public final class Nd4jKernels extends GroupedKernels {
    private final ElementType type;
    private final Nd4jScratch scratch = new Nd4jScratch();
    private final Nd4jAttention attention;
    private final Groups groups;

    public Nd4jKernels(ElementType type) {
        this.type = type;
        this.attention = new Nd4jAttention(type, scratch);
        this.groups = new Groups(
                new Nd4jElementwise(scratch),
                new Nd4jGemm(scratch),
                new Nd4jBias(scratch),
                new Nd4jNorm(scratch),
                new Nd4jRope(scratch),
                new Nd4jHeadCopy(scratch),
                new Nd4jHeadScale(scratch),
                attention,
                new Nd4jSwiGlu(scratch),
                new Nd4jEmbedding(scratch),
                new Nd4jHead(type, scratch),
                new Nd4jAdamW(scratch));
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

    @Override
    public void close() {
        scratch.close();
        attention.close();
    }
}
