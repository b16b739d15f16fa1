package org.xecomla.nn;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
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
import org.xecomla.bench.BenchShape;
import org.xecomla.config.ComputeConfig.Precision;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.nn.loss.ForwardKl;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.AttentionShape;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;

/**
 * Single operations of a training step at the shapes of {@code bench}, by the reference kernels and by the fast ones:
 * {@code src/main/scripts/bench-kernels}. Legend: N = B * T positions, D model, F feed-forward, H heads, K width of a
 * head, V vocabulary.
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
    private int[] ids; // (N)

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
    private AttentionShape attention;
    private int[] positions; // (N)
    private RopeTable rope;
    private ChunkedHead head;
    private TokenLoss distillation;
    private Arena arena;

    @Setup
    public void make() {
        of = BenchShape.of(shape);
        operations = switch (kernels) {
            case "reference" -> new Nd4jKernels(DataType.FLOAT);
            case "fast" -> new CpuKernels(threads);
            case "bf16" -> new CpuKernels(threads, Precision.BF16);
            default -> throw new IllegalArgumentException("kernels are reference, fast or bf16, not " + kernels);
        };
        ids = random.ints(of.numTokens(), 0, of.vocab()).toArray();
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
        attention = AttentionShape.training(of.batch(), of.length(), 1 / Math.sqrt(of.headDim()));
        operations.attention().forward(q, k, v, out, logSumExp, attention);
        positions = attention.positions();
        rope = RopeTable.of(RopeFrequencies.of(of.headDim(), 1e4, RopeScaling.NONE), of.length(), DataType.FLOAT);
    }

    private void makeHead() {
        embedding = tensor(of.vocab(), of.dim());
        dEmbedding = tensor(of.vocab(), of.dim());
        moments1 = tensor(1, of.vocab() * of.dim());
        moments2 = Tensor.zeros(DataType.FLOAT, 1, of.vocab() * of.dim());
        head = ChunkedHead.of(new Linear(embedding, dEmbedding, operations));
        int[] drawn = random.ints((long) of.numTokens() * DRAWS, 0, of.vocab()).toArray();
        float[] weights = new float[drawn.length];
        Arrays.fill(weights, 1f / DRAWS);
        distillation =
                new ForwardKl(new SoftLabels.Sampled(of.numTokens(), DRAWS, drawn, weights), 1, 1.0 / of.numTokens());
        long elements = 2L * head.chunkRows() * of.vocab();
        arena = Arena.ofElements(DataType.FLOAT, elements);
    }

    private Tensor tensor(int rows, int cols) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        Tensor made = Tensor.zeros(DataType.FLOAT, rows, cols);
        made.write(values, 0);
        return made;
    }

    private HeadView heads(int numHeads) {
        return HeadView.of(tensor(of.numTokens(), numHeads * of.headDim()), numHeads);
    }

    @TearDown
    public void close() {
        arena.close();
        rope.close();
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
        operations.attention().forward(q, k, v, out, logSumExp, attention); // (N, H, K)
    }

    @Benchmark
    public void attentionBackward() {
        operations.attention().backward(out, q, k, v, out, logSumExp, attention, dQ, dK, dV);
    }

    @Benchmark
    public void rope() {
        rope.turn(q, positions, operations); // (N, H, K)
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

    /** Head and loss of sparse targets, forward only: softmax of every position and the logits of 16 draws. */
    @Benchmark
    public LossSums headLoss() {
        return head.loss(x, distillation, arena);
    }

    @Benchmark
    public LossSums headLossAndGradients() {
        return head.lossAndGradients(x, distillation, dX, arena);
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
