package org.xecomla.tensor.engine;

import java.util.Arrays;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.AdamW;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Attention;
import org.xecomla.tensor.Bias;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Elementwise;
import org.xecomla.tensor.Embedding;
import org.xecomla.tensor.Gemm;
import org.xecomla.tensor.GroupedKernels;
import org.xecomla.tensor.Head;
import org.xecomla.tensor.HeadCopy;
import org.xecomla.tensor.HeadScale;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Memory;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Rope;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.SwiGlu;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.CpuAttention;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.cpu.CpuNorm;
import org.xecomla.tensor.cpu.bf16.Bf16Gemm;
import org.xecomla.tensor.cpu.bf16.Bf16Shapes;
import org.xecomla.tensor.host.Workers;

/**
 * Kernels that do nothing and touch no memory: the dry run of a step over {@link Arena#sizing} learns how much scratch
 * the step needs. Outputs in heap arrays stay as they are, sums are 0.
 */
public final class SizingKernels extends GroupedKernels {
    private final ElementType type;
    private final int numThreads;
    private final ComputeConfig.Precision precision;
    private long scratch; // elements of a thread
    private long roundedOperands; // elements
    private final Bf16Shapes shapes = new Bf16Shapes();
    private final Idle idle = new Idle();
    private final Groups groups = new Groups(
            idle,
            new SizedGemm(),
            idle,
            new SizedNorm(),
            idle,
            idle,
            idle,
            new SizedAttention(),
            idle,
            idle,
            idle,
            idle);

    /** For the arena only. */
    public SizingKernels(ElementType type) {
        this(type, 1, ComputeConfig.Precision.FP32);
    }

    /** To be asked for the scratch of {@link CpuKernels} as well, of so many threads and this precision. */
    public SizingKernels(ElementType type, int numThreads, ComputeConfig.Precision precision) {
        this.type = type;
        this.numThreads = numThreads;
        this.precision = precision;
    }

    /** Bytes of scratch, and of code compiled for shapes, that {@link CpuKernels} would have made by now. */
    public long scratchBytes() {
        return (scratch * numThreads + roundedOperands) * type.width() + shapes.codeBytes();
    }

    @Override
    public ElementType type() {
        return type;
    }

    @Override
    public Memory memory() {
        throw new IllegalStateException("kernels that size a step have no memory");
    }

    /** Products that are rounded hold copies of their operands. */
    private final class SizedGemm implements Gemm {
        @Override
        public void multiply(
                boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
            if (precision == ComputeConfig.Precision.BF16 && shapes.admits(transposeA, transposeB, alpha, a, beta, c)) {
                roundedOperands = Math.max(roundedOperands, Bf16Gemm.scratchOf(a, b));
            }
        }
    }

    /** The gain's gradient holds a sum a part. */
    private final class SizedNorm implements Norm {
        @Override
        public void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {}

        @Override
        public void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
            scratch = Math.max(scratch, CpuNorm.scratchOfBackward(Workers.maxParts(numThreads), x.cols()));
        }
    }

    /** Scores of a tile, and copies of what is rounded. */
    private final class SizedAttention implements Attention {
        @Override
        public void forward(
                HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, Sequences sequences, double scale) {
            scratch = Math.max(scratch, CpuAttention.scratchOfForward(sequences));
            round(sequences, k, v, false, q, k, v);
        }

        @Override
        public void backward(
                HeadView dOut,
                HeadView q,
                HeadView k,
                HeadView v,
                HeadView out,
                Tensor logSumExp,
                Sequences sequences,
                double scale,
                HeadView dQ,
                HeadView dK,
                HeadView dV) {
            scratch = Math.max(scratch, CpuAttention.scratchOfBackward(sequences));
            round(sequences, k, v, true, q, k, v, dOut);
        }

        private void round(Sequences sequences, HeadView k, HeadView v, boolean backward, HeadView... views) {
            if (precision == ComputeConfig.Precision.BF16 && shapes.admits(sequences, k, v, backward)) {
                Tensor[] tensors = Arrays.stream(views).map(HeadView::tensor).toArray(Tensor[]::new);
                roundedOperands = Math.max(roundedOperands, Bf16Gemm.scratchOf(tensors));
            }
        }
    }

    /** Operations that need no scratch. */
    private static final class Idle
            implements Elementwise, Bias, Rope, HeadCopy, HeadScale, SwiGlu, Embedding, Head, AdamW {
        @Override
        public void fill(Tensor x, double value) {}

        @Override
        public void copy(Tensor x, Tensor y) {}

        @Override
        public void scale(double alpha, Tensor x) {}

        @Override
        public void axpy(double alpha, Tensor x, Tensor y) {}

        @Override
        public double sumOfSquares(Tensor x) {
            return 0;
        }

        @Override
        public void forward(Tensor bias, Tensor y) {}

        @Override
        public void backward(Tensor dY, Tensor dBias) {}

        @Override
        public void forward(HeadView x, Tensor cos, Tensor sin, Indices positions) {}

        @Override
        public void backward(HeadView dX, Tensor cos, Tensor sin, Indices positions) {}

        @Override
        public void copy(HeadView source, HeadView target) {}

        @Override
        public void add(HeadView source, HeadView target) {}

        @Override
        public void inverseRms(HeadView x, double epsilon, Tensor s) {}

        @Override
        public void inverseRmsBackward(Tensor dS, HeadView x, Tensor s, HeadView dX) {}

        @Override
        public void scale(HeadView x, Tensor s) {}

        @Override
        public void scaleBackward(HeadView dY, HeadView y, Tensor s, Tensor dS) {}

        @Override
        public void scaleScores(Tensor scores, Tensor s) {}

        @Override
        public void forward(Tensor gate, Tensor up, Tensor out) {}

        @Override
        public void backward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {}

        @Override
        public void gather(Tensor table, Indices ids, Tensor out) {}

        @Override
        public void scatterAdd(Tensor dOut, Indices ids, Tensor dTable) {}

        @Override
        public void softmax(Tensor x, double beta, double[] logSumExp) {}

        @Override
        public void scaleRows(double[] factors, Tensor x) {}

        @Override
        public void gather(Tensor x, int[] ids, double[] values) {}

        @Override
        public void scatterAdd(double[] values, int[] ids, Tensor x) {}

        @Override
        public void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {}
    }

    @Override
    protected Groups groups() {
        return groups;
    }

    @Override
    public void close() {}
}
