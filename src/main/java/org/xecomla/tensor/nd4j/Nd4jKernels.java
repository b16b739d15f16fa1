package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.tensor.AdamW;
import org.xecomla.tensor.Attention;
import org.xecomla.tensor.Bias;
import org.xecomla.tensor.Elementwise;
import org.xecomla.tensor.Embedding;
import org.xecomla.tensor.Gemm;
import org.xecomla.tensor.Head;
import org.xecomla.tensor.HeadCopy;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Rope;
import org.xecomla.tensor.SwiGlu;

/**
 * Kernels made of ND4J operations that every back end has, in FLOAT or DOUBLE: the way to a GPU, and the reference of
 * {@code CpuKernels}.
 *
 * <p>No operation reads device memory on the host, but for the results that the interface hands out as heap arrays.
 * Attention holds the probabilities (T, S) of all key heads of one sequence at a time. One thread at a time.
 */
public final class Nd4jKernels implements Kernels {
    private final DataType type;
    private final Nd4jScratch scratch = new Nd4jScratch();
    private final Elementwise elementwise;
    private final Gemm gemm;
    private final Bias bias;
    private final Norm norm;
    private final Rope rope;
    private final HeadCopy headCopy;
    private final Nd4jAttention attention;
    private final SwiGlu swiGlu;
    private final Embedding embedding;
    private final Head head;
    private final AdamW adamW;

    public Nd4jKernels(DataType type) {
        this.type = type;
        this.elementwise = new Nd4jElementwise(scratch);
        this.gemm = new Nd4jGemm(scratch);
        this.bias = new Nd4jBias(scratch);
        this.norm = new Nd4jNorm(scratch);
        this.rope = new Nd4jRope(scratch);
        this.headCopy = new Nd4jHeadCopy(scratch);
        this.attention = new Nd4jAttention(type, scratch);
        this.swiGlu = new Nd4jSwiGlu(scratch);
        this.embedding = new Nd4jEmbedding(scratch);
        this.head = new Nd4jHead(type, scratch);
        this.adamW = new Nd4jAdamW(scratch);
    }

    @Override
    public DataType type() {
        return type;
    }

    @Override
    public Elementwise elementwise() {
        return elementwise;
    }

    @Override
    public Gemm gemm() {
        return gemm;
    }

    @Override
    public Bias bias() {
        return bias;
    }

    @Override
    public Norm norm() {
        return norm;
    }

    @Override
    public Rope rope() {
        return rope;
    }

    @Override
    public HeadCopy headCopy() {
        return headCopy;
    }

    @Override
    public Attention attention() {
        return attention;
    }

    @Override
    public SwiGlu swiGlu() {
        return swiGlu;
    }

    @Override
    public Embedding embedding() {
        return embedding;
    }

    @Override
    public Head head() {
        return head;
    }

    @Override
    public AdamW adamW() {
        return adamW;
    }

    @Override
    public void close() {
        scratch.close();
        attention.close();
    }
}
