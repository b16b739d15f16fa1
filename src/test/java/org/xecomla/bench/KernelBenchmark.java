package org.xecomla.bench;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.xecomla.config.ComputeConfig.Precision;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.ForwardKl;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;

/**
 * Single operations of a training step at the shapes of {@code bench}, by the reference kernels and by the fast ones:
 * {@code src/main/scripts/bench-kernels}. Legend: N = B * T positions, D model, F feed-forward, H heads, K width of a
 * head, V vocabulary, n positions of a chunk.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelBenchmark {
    private static final int DRAWS = 16;

    /** reference: ND4J's operations; fast: this project's for processors; bf16: the same with products of bfloat16. */
    @Param({"reference", "fast"})
    public String kernels;

    /** S, M, L, or the eight numbers that {@code bench} reads. */
    @Param("S")
    public String shape;

    /** Of the fast kernels; ND4J's elementwise operations and its BLAS have OMP_NUM_THREADS. */
    @Param("1")
    public int threads;

    private final Random random = new Random(1);
    private Kernels operations;
    private BenchShape of;
    private Indices ids; // (N)

    private Tensor x; // (N, D)
    private Tensor y; // (N, D)
    private Tensor dX; // (N, D)
    private Tensor gain; // (1, D)
    private Tensor dGain; // (1, D)
    private Tensor inverseRms; // (N, 1)
    private Tensor gateWeight; // (F, D)
    private Tensor dGateWeight; // (F, D)
    private Tensor gate; // (N, F)
    private Tensor up; // (N, F)
    private Tensor inner; // (N, F)
    private Tensor dGate; // (N, F)
    private Tensor dUp; // (N, F)
    private Tensor embedding; // (V, D)
    private Tensor dEmbedding; // (V, D)
    private Tensor moments1; // (1, V*D)
    private Tensor moments2; // (1, V*D)
    private HeadView q; // (N, H, K)
    private HeadView k; // (N, Hkv, K)
    private HeadView v; // (N, Hkv, K)
    private HeadView out; // (N, H, K)
    private HeadView dQ; // (N, H, K)
    private HeadView dK; // (N, Hkv, K)
    private HeadView dV; // (N, Hkv, K)
    private Tensor logSumExp; // (N, H)
    private Sequences sequences;
    private double scale;
    private Tensor cos; // (T, K/2)
    private Tensor sin; // (T, K/2)
    private Tensor chunk; // (n, D)
    private Tensor logits; // (n, V)
    private TokenLoss distillation;
    private Arena arena;

    @Setup
    public void make() {
        of = BenchShape.of(shape);
        operations = switch (kernels) {
            case "reference" -> new Nd4jKernels(ElementType.FLOAT);
            case "fast" -> new CpuKernels(threads);
            case "bf16" -> new CpuKernels(threads, Precision.BF16);
            default -> throw new IllegalArgumentException("kernels are reference, fast or bf16, not " + kernels);
        };
        ids = Indices.of(random.ints(of.numTokens(), 0, of.vocab()).toArray());
        makeRows();
        makeAttention();
        makeHead();
    }

    private void makeRows() {
        int n = of.numTokens();
        x = tensor(n, of.dim());
        y = tensor(n, of.dim());
        dX = tensor(n, of.dim());
        gain = tensor(1, of.dim());
        dGain = tensor(1, of.dim());
        inverseRms = tensor(n, 1);
        operations.norm().forward(x, gain, 1e-5, y, inverseRms);
        gateWeight = tensor(of.ffn(), of.dim());
        dGateWeight = tensor(of.ffn(), of.dim());
        gate = tensor(n, of.ffn());
        up = tensor(n, of.ffn());
        inner = tensor(n, of.ffn());
        dGate = tensor(n, of.ffn());
        dUp = tensor(n, of.ffn());
    }

    private void makeAttention() {
        q = heads(of.heads());
        k = heads(of.kvHeads());
        v = heads(of.kvHeads());
        out = heads(of.heads());
        dQ = heads(of.heads());
        dK = heads(of.kvHeads());
        dV = heads(of.kvHeads());
        logSumExp = tensor(of.numTokens(), of.heads());
        sequences = Sequences.of(of.batch(), of.numTokens());
        scale = 1 / Math.sqrt(of.headDim());
        operations.attention().forward(q, k, v, out, logSumExp, sequences, scale);
        cos = tensor(of.length(), of.headDim() / 2);
        sin = tensor(of.length(), of.headDim() / 2);
    }

    private void makeHead() {
        embedding = tensor(of.vocab(), of.dim());
        dEmbedding = tensor(of.vocab(), of.dim());
        moments1 = tensor(1, of.vocab() * of.dim());
        moments2 = Tensors.zeros(ElementType.FLOAT, 1, of.vocab() * of.dim());
        int rows = Math.min(of.numTokens(), CausalLm.logitRows(of.config(BenchShape.Model.GQA)));
        chunk = x.rows(0, rows);
        logits = tensor(rows, of.vocab());
        int[] drawn = random.ints((long) rows * DRAWS, 0, of.vocab()).toArray();
        float[] weights = new float[drawn.length];
        Arrays.fill(weights, 1f / DRAWS);
        distillation = new ForwardKl(new SoftLabels.Sampled(rows, DRAWS, drawn, weights), 1, 1.0 / rows);
        arena = Arena.of(operations, 2L * rows * of.vocab() * Float.BYTES);
    }

    private Tensor tensor(int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        Tensor made = Tensors.zeros(ElementType.FLOAT, rows, cols);
        made.write(values, 0);
        return made;
    }

    private HeadView heads(int numHeads) {
        return HeadView.of(tensor(of.numTokens(), numHeads * of.headDim()), numHeads);
    }

    @TearDown
    public void close() {
        arena.close();
        operations.close();
    }

    @Benchmark
    public void linear() {
        operations.gemm().multiply(false, true, 1, x, gateWeight, 0, gate); // (N, F)
    }

    @Benchmark
    public void linearBackwardOfInput() {
        operations.gemm().multiply(false, false, 1, gate, gateWeight, 0, dX); // (N, D)
    }

    @Benchmark
    public void linearBackwardOfWeight() {
        operations.gemm().multiply(true, false, 1, gate, x, 0, dGateWeight); // (F, D)
    }

    @Benchmark
    public void attention() {
        operations.attention().forward(q, k, v, out, logSumExp, sequences, scale); // (N, H, K)
    }

    @Benchmark
    public void attentionBackward() {
        operations.attention().backward(out, q, k, v, out, logSumExp, sequences, scale, dQ, dK, dV);
    }

    @Benchmark
    public void rope() {
        operations.rope().forward(q, cos, sin, sequences.positions()); // (N, H, K)
    }

    @Benchmark
    public void rmsNorm() {
        operations.norm().forward(x, gain, 1e-5, y, inverseRms); // (N, D)
    }

    @Benchmark
    public void rmsNormBackward() {
        operations.norm().backward(y, x, gain, inverseRms, dX, dGain); // (N, D)
    }

    @Benchmark
    public void swiGlu() {
        operations.swiGlu().forward(gate, up, inner); // (N, F)
    }

    @Benchmark
    public void swiGluBackward() {
        operations.swiGlu().backward(inner, gate, up, dGate, dUp); // (N, F)
    }

    @Benchmark
    public void residual() {
        operations.elementwise().axpy(1e-3, x, y); // (N, D)
    }

    @Benchmark
    public void embedding() {
        operations.embedding().gather(embedding, ids, y); // (N, D)
    }

    @Benchmark
    public void embeddingBackward() {
        operations.embedding().scatterAdd(y, ids, dEmbedding); // (V, D)
    }

    /** Head and loss of one chunk, forward only: softmax of every position and the logits of 16 draws. */
    @Benchmark
    public LossSums headLoss() {
        operations.gemm().multiply(false, true, 1, chunk, embedding, 0, logits); // (n, V)
        return distillation.apply(logits, false, operations, arena);
    }

    @Benchmark
    public LossSums headLossAndGradients() {
        operations.gemm().multiply(false, true, 1, chunk, embedding, 0, logits); // (n, V)
        LossSums sums = distillation.apply(logits, true, operations, arena); // leaves the gradient in logits
        operations.gemm().multiply(false, false, 1, logits, embedding, 0, dX.rows(0, chunk.rows())); // (n, D)
        operations.gemm().multiply(true, false, 1, logits, chunk, 1, dEmbedding); // (V, D)
        return sums;
    }

    /** The sum that clipping needs, over as many elements as the embedding has. */
    @Benchmark
    public double sumOfSquares() {
        return operations.elementwise().sumOfSquares(moments1);
    }

    /** Over as many parameters as the embedding has. */
    @Benchmark
    public void adamW() {
        AdamWStep step = new AdamWStep(1e-4, 0.9, 0.95, 1e-8, 0.1, 1, 10);
        Tensor weights = embedding.reshape(1, moments1.cols()); // (1, V*D)
        Tensor gradients = dEmbedding.reshape(1, moments1.cols()); // (1, V*D)
        operations.adamW().step(step, weights, gradients, moments1, moments2);
    }
}
