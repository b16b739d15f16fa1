package org.xecomla.tensor.cpu;

import org.nd4j.linalg.api.buffer.DataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.AttentionShape;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * The fast kernels of the processor, in FLOAT: OpenBLAS for products, the JDK's Vector API for the rest, both on the
 * tensors' own memory, split over threads of their own.
 *
 * <p>The same calls on as many threads give the same bits. One calling thread at a time.
 */
public final class CpuKernels implements Kernels {
    /** Holds the choice between vector and scalar loops: made, and told, once. */
    private static final class Choice {
        static final RowMath ROW_MATH = choose();

        private static RowMath choose() {
            if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
                return new VectorMath();
            }
            Logger log = LoggerFactory.getLogger(CpuKernels.class);
            log.warn("computing without vector instructions, several times slower: this JVM was started without"
                    + " --add-modules jdk.incubator.vector");
            return new ScalarMath();
        }
    }

    private final Workers workers;
    private final HostScratch scratch;
    private final CpuGemm gemm;
    private final Bf16Gemm roundedGemm; // null: fp32
    private final CpuAttention attention;
    private final CpuElementwise elementwise;
    private final CpuRows rows;

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
        this(numThreads, precision, Choice.ROW_MATH);
    }

    public CpuKernels(int numThreads, ComputeConfig.Precision precision, RowMath math) {
        this.scratch = new HostScratch(numThreads);
        this.workers = new Workers(numThreads);
        this.gemm = new CpuGemm(workers);
        this.roundedGemm = precision == ComputeConfig.Precision.BF16 ? Bf16Gemm.ifSupported(workers) : null;
        this.attention = new CpuAttention(workers, math, scratch, roundedGemm);
        this.elementwise = new CpuElementwise(workers, math);
        this.rows = new CpuRows(workers, math, scratch);
    }

    @Override
    public DataType type() {
        return DataType.FLOAT;
    }

    @Override
    public void gemm(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        CpuGemm.requireFit(transposeA, transposeB, a, b, c);
        if (roundedGemm != null && roundedGemm.shapes().admits(transposeA, transposeB, alpha, a, beta, c)) {
            roundedGemm.gemm(transposeA, transposeB, a, b, beta, c);
        } else {
            gemm.gemm(transposeA, transposeB, alpha, a, b, beta, c);
        }
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {
        elementwise.axpy(alpha, x, y);
    }

    @Override
    public void scale(double alpha, Tensor x) {
        elementwise.scale(alpha, x);
    }

    @Override
    public void scaleRows(double[] factors, Tensor x) {
        rows.scaleRows(factors, x);
    }

    @Override
    public void fill(Tensor x, double value) {
        elementwise.fill(x, value);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        elementwise.copy(x, y);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        return elementwise.sumOfSquares(x);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        rows.rmsNorm(x, gain, epsilon, y, inverseRms);
    }

    @Override
    public void rmsNormBackward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        rows.rmsNormBackward(dY, x, gain, inverseRms, dX, dGain);
    }

    @Override
    public void rope(HeadView x, Tensor cos, Tensor sin, int[] positions, boolean inverse) {
        rows.rope(x, cos, sin, positions, inverse);
    }

    @Override
    public void copyHeads(HeadView source, HeadView target) {
        rows.copyHeads(source, target);
    }

    @Override
    public void addHeads(HeadView source, HeadView target) {
        rows.addHeads(source, target);
    }

    @Override
    public void attention(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, AttentionShape shape) {
        attention.forward(q, k, v, out, logSumExp, shape);
    }

    @Override
    public void attentionBackward(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            AttentionShape shape,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {
        attention.backward(new CpuAttention.Gradients(dOut, q, k, v, out, logSumExp, dQ, dK, dV), shape);
    }

    @Override
    public void swiGlu(Tensor gate, Tensor up, Tensor out) {
        elementwise.swiGlu(gate, up, out);
    }

    @Override
    public void swiGluBackward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        elementwise.swiGluBackward(dOut, gate, up, dGate, dUp);
    }

    @Override
    public void gatherRows(Tensor table, int[] ids, Tensor out) {
        rows.gatherRows(table, ids, out);
    }

    @Override
    public void scatterAddRows(Tensor dOut, int[] ids, Tensor dTable) {
        rows.scatterAddRows(dOut, ids, dTable);
    }

    @Override
    public void softmaxRows(Tensor x, double beta, double[] logSumExp) {
        rows.softmaxRows(x, beta, logSumExp);
    }

    @Override
    public void gatherColumns(Tensor x, int[] ids, double[] values) {
        rows.gatherColumns(x, ids, values);
    }

    @Override
    public void scatterAddColumns(double[] values, int[] ids, Tensor x) {
        rows.scatterAddColumns(values, ids, x);
    }

    @Override
    public void adamW(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        elementwise.adamW(step, weights, gradients, moments1, moments2);
    }

    /** Stops the helper threads and frees the scratch. */
    @Override
    public void close() {
        workers.close();
        if (roundedGemm != null) {
            roundedGemm.close();
        }
        scratch.close();
    }
}
