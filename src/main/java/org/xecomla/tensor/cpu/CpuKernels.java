package org.xecomla.tensor.cpu;

import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ComputeConfig;
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
import org.xecomla.tensor.cpu.bf16.Bf16Gemm;
import org.xecomla.tensor.host.HostScratch;
import org.xecomla.tensor.host.Workers;

/**
 * The fast kernels of the processor, in FLOAT: OpenBLAS for products, the JDK's Vector API for the rest, both on the
 * tensors' own memory, split over threads of their own.
 *
 * <p>The same calls on as many threads give the same bits. One calling thread at a time.
 */
public final class CpuKernels implements Kernels {
    private final Workers workers;
    private final HostScratch scratch;
    private final Bf16Gemm rounding; // null: fp32
    private final Elementwise elementwise;
    private final Gemm gemm;
    private final Bias bias;
    private final Norm norm;
    private final Rope rope;
    private final HeadCopy headCopy;
    private final Attention attention;
    private final SwiGlu swiGlu;
    private final Embedding embedding;
    private final Head head;
    private final AdamW adamW;

    /**
     * @param numThreads the caller and {@code numThreads - 1} helpers
     * @throws IllegalStateException if ND4J's back end is not nd4j-native
     */
    public CpuKernels(int numThreads) {
        this(numThreads, ComputeConfig.Precision.FP32);
    }

    /**
     * @param precision of large products, where the processor can; bf16 rounds their operands
     */
    public CpuKernels(int numThreads, ComputeConfig.Precision precision) {
        this(numThreads, precision, Lanes.best());
    }

    public CpuKernels(int numThreads, ComputeConfig.Precision precision, Lanes lanes) {
        this.scratch = new HostScratch(numThreads);
        this.workers = new Workers(numThreads);
        this.rounding = precision == ComputeConfig.Precision.BF16 ? Bf16Gemm.ifSupported(workers) : null;
        HostRows rows = new HostRows(workers);
        RowLoops loops = new RowLoops(lanes);
        SoftmaxLoops softmax = new SoftmaxLoops(lanes);
        this.elementwise = new CpuElementwise(workers, rows, loops);
        this.gemm = new CpuGemm(workers, rounding);
        this.bias = new CpuBias(workers, rows, loops);
        this.norm = new CpuNorm(workers, rows, loops, lanes, scratch);
        this.rope = new CpuRope(rows, lanes);
        this.headCopy = new CpuHeadCopy(rows, loops);
        this.attention = new CpuAttention(workers, loops, softmax, scratch, rounding);
        this.swiGlu = new CpuSwiGlu(rows, lanes);
        this.embedding = new CpuEmbedding(workers, rows, loops);
        this.head = new CpuHead(rows, loops, softmax);
        this.adamW = new CpuAdamW(rows, lanes);
    }

    @Override
    public DataType type() {
        return DataType.FLOAT;
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
        workers.close();
        if (rounding != null) {
            rounding.close();
        }
        scratch.close();
    }
}
