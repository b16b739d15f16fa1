package org.xecomla.tensor.engine;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.AttentionShape;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.Bf16Gemm;
import org.xecomla.tensor.cpu.Bf16Shapes;
import org.xecomla.tensor.cpu.CpuAttention;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.cpu.CpuRows;
import org.xecomla.tensor.cpu.Workers;

/**
 * Kernels that do nothing and touch no memory: the dry run of a step over {@link Arena#sizing} learns how much scratch
 * the step needs. Outputs in heap arrays stay as they are, sums are 0.
 */
public final class SizingKernels implements Kernels {
    private final DataType type;
    private final int numThreads;
    private final ComputeConfig.Precision precision;
    private long scratch; // elements of a thread
    private long roundedOperands; // elements
    private final Bf16Shapes shapes = new Bf16Shapes();

    /** For the arena only. */
    public SizingKernels(DataType type) {
        this(type, 1, ComputeConfig.Precision.FP32);
    }

    /** To be asked for the scratch of {@link CpuKernels} as well, of so many threads and this precision. */
    public SizingKernels(DataType type, int numThreads, ComputeConfig.Precision precision) {
        this.type = type;
        this.numThreads = numThreads;
        this.precision = precision;
    }

    /** Bytes of scratch, and of code compiled for shapes, that {@link CpuKernels} would have made by now. */
    public long scratchBytes() {
        return (scratch * numThreads + roundedOperands) * type.width() + shapes.codeBytes();
    }

    @Override
    public DataType type() {
        return type;
    }

    @Override
    public void gemm(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        if (precision == ComputeConfig.Precision.BF16 && shapes.admits(transposeA, transposeB, alpha, a, beta, c)) {
            roundedOperands = Math.max(roundedOperands, Bf16Gemm.scratchOf(a, b));
        }
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {}

    @Override
    public void scale(double alpha, Tensor x) {}

    @Override
    public void scaleRows(double[] factors, Tensor x) {}

    @Override
    public void fill(Tensor x, double value) {}

    @Override
    public void copy(Tensor x, Tensor y) {}

    @Override
    public double sumOfSquares(Tensor x) {
        return 0;
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {}

    @Override
    public void rmsNormBackward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        scratch = Math.max(scratch, CpuRows.scratchOfGain(Workers.maxParts(numThreads), x.cols()));
    }

    @Override
    public void rope(HeadView x, Tensor cos, Tensor sin, int[] positions, boolean inverse) {}

    @Override
    public void copyHeads(HeadView source, HeadView target) {}

    @Override
    public void addHeads(HeadView source, HeadView target) {}

    @Override
    public void attention(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, AttentionShape shape) {
        scratch = Math.max(scratch, CpuAttention.scratchOfForward(shape));
        rounds(shape, k, v, false, q, k, v);
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
        scratch = Math.max(scratch, CpuAttention.scratchOfBackward(shape));
        rounds(shape, k, v, true, q, k, v, dOut);
    }

    private void rounds(AttentionShape shape, HeadView k, HeadView v, boolean backward, HeadView... views) {
        if (precision == ComputeConfig.Precision.BF16 && shapes.admits(shape, k, v, backward)) {
            Tensor[] tensors = Arrays.stream(views).map(HeadView::tensor).toArray(Tensor[]::new);
            roundedOperands = Math.max(roundedOperands, Bf16Gemm.scratchOf(tensors));
        }
    }

    @Override
    public void swiGlu(Tensor gate, Tensor up, Tensor out) {}

    @Override
    public void swiGluBackward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {}

    @Override
    public void gatherRows(Tensor table, int[] ids, Tensor out) {}

    @Override
    public void scatterAddRows(Tensor dOut, int[] ids, Tensor dTable) {}

    @Override
    public void softmaxRows(Tensor x, double beta, double[] logSumExp) {}

    @Override
    public void gatherColumns(Tensor x, int[] ids, double[] values) {}

    @Override
    public void scatterAddColumns(double[] values, int[] ids, Tensor x) {}

    @Override
    public void adamW(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {}

    @Override
    public void close() {}
}
