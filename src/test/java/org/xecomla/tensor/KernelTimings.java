package org.xecomla.tensor;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Times the processor's kernels: {@code java ... org.xecomla.tensor.KernelTimings [threads]}. Not a test. Prints the best and
 * the median of many runs, since other processes may hold the cores.
 *
 * <p>Two sizes: that of the engine's measurements (D 256, T 256, batch 4, vocabulary 4096), and the demo's tiny model, where
 * the cost of a call counts.
 */
public final class KernelTimings {
    private final Kernels kernels;
    private final Random random = new Random(1);

    private KernelTimings(Kernels kernels) {
        this.kernels = kernels;
    }

    public static void main(String[] args) {
        int numThreads = args.length > 0 ? Integer.parseInt(args[0]) : 1;
        try (Kernels kernels = new CpuKernels(numThreads)) {
            System.out.println(numThreads + " threads");
            KernelTimings timings = new KernelTimings(kernels);
            timings.products();
            timings.attention("attention, 4 x 256, 8/4 heads of 32", 4, 256, 8, 4, 32);
            timings.attention("attention, 1 x 2048, 8/8 heads of 64", 1, 2048, 8, 8, 64);
            timings.attention("attention, 12 x 256, 8/4 heads of 8", 12, 256, 8, 4, 8);
            timings.rows("1024 x 768", 1024, 768);
            timings.rows("4096 x 2048", 4096, 2048);
            timings.rows("3072 x 64", 3072, 64);
            timings.rows("16 x 64", 16, 64);
            timings.head(1024, 4096);
            timings.head(3072, 512);
            timings.optimiser(5_000_000);
            timings.optimiser(260_000);
        }
    }

    private void products() {
        int[][] shapes = {{512, 512, 512}, {2048, 2048, 2048}, {1024, 768, 256}, {3072, 64, 64}, {3072, 172, 64}};
        for (int[] s : shapes) {
            for (int layout = 0; layout < 3; layout++) {
                boolean transposeA = layout == 2;
                boolean transposeB = layout == 1;
                int m = transposeA ? s[2] : s[0]; // a weight's gradient sums over the rows
                int inner = transposeA ? s[0] : s[2];
                Tensor a = transposeA ? tensor(inner, m) : tensor(m, inner);
                Tensor b = transposeB ? tensor(s[1], inner) : tensor(inner, s[1]);
                Tensor c = tensor(m, s[1]);
                String name = "gemm " + new String[] {"nn", "nt", "tn"}[layout] + " " + m + ", " + s[1] + ", " + inner;
                time(
                        name,
                        2.0 * m * s[1] * inner,
                        "GFLOP/s",
                        () -> kernels.gemm(transposeA, transposeB, 1, a, b, 0, c));
            }
        }
    }

    private void attention(String name, int numSequences, int length, int numHeads, int numKeyHeads, int width) {
        AttentionShape shape = AttentionShape.training(numSequences, length, 1 / Math.sqrt(width));
        int rows = numSequences * length;
        HeadView q = HeadView.of(tensor(rows, numHeads * width), numHeads);
        HeadView k = HeadView.of(tensor(rows, numKeyHeads * width), numKeyHeads);
        HeadView v = HeadView.of(tensor(rows, numKeyHeads * width), numKeyHeads);
        HeadView out = HeadView.of(tensor(rows, numHeads * width), numHeads);
        HeadView dOut = HeadView.of(tensor(rows, numHeads * width), numHeads);
        HeadView dQ = HeadView.of(tensor(rows, numHeads * width), numHeads);
        HeadView dK = HeadView.of(tensor(rows, numKeyHeads * width), numKeyHeads);
        HeadView dV = HeadView.of(tensor(rows, numKeyHeads * width), numKeyHeads);
        Tensor logSumExp = tensor(rows, numHeads);
        double scores = 0.5 * numSequences * numHeads * length * (length + 1); // what causality leaves
        time(name, 4 * scores * width, "GFLOP/s", () -> kernels.attention(q, k, v, out, logSumExp, shape));
        time(
                name + ", backward",
                10 * scores * width,
                "GFLOP/s",
                () -> kernels.attentionBackward(dOut, q, k, v, out, logSumExp, shape, dQ, dK, dV));
    }

    private void rows(String size, int rows, int cols) {
        Tensor x = tensor(rows, cols);
        Tensor y = tensor(rows, cols);
        Tensor z = tensor(rows, cols);
        Tensor gain = tensor(1, cols);
        Tensor dGain = tensor(1, cols);
        Tensor inverseRms = tensor(rows, 1);
        double bytes = 4.0 * rows * cols;
        time("axpy " + size, 3 * bytes, "GB/s", () -> kernels.axpy(1e-3, x, y));
        time("rmsNorm " + size, 2 * bytes, "GB/s", () -> kernels.rmsNorm(x, gain, 1e-5, z, inverseRms));
        time(
                "rmsNorm backward " + size,
                4 * bytes,
                "GB/s",
                () -> kernels.rmsNormBackward(y, x, gain, inverseRms, z, dGain));
        time("swiGlu " + size, 3 * bytes, "GB/s", () -> kernels.swiGlu(x, y, z));
        Tensor dGate = tensor(rows, cols);
        Tensor dUp = tensor(rows, cols);
        time("swiGlu backward " + size, 5 * bytes, "GB/s", () -> kernels.swiGluBackward(x, y, z, dGate, dUp));
        if (cols % 8 == 0) {
            Tensor cos = tensor(256, 4);
            Tensor sin = tensor(256, 4);
            HeadView heads = HeadView.of(x, cols / 8);
            int[] positions = IntStream.range(0, rows).map(r -> r % 256).toArray();
            time(
                    "rope of heads of 8 " + size,
                    2 * bytes,
                    "GB/s",
                    () -> kernels.rope(heads, cos, sin, positions, false));
        }
    }

    private void head(int rows, int vocabSize) {
        Tensor logits = tensor(rows, vocabSize);
        double[] logSumExp = new double[rows];
        String size = rows + " x " + vocabSize;
        time("softmax " + size, 8.0 * rows * vocabSize, "GB/s", () -> kernels.softmaxRows(logits, 1, logSumExp));
        Tensor table = tensor(vocabSize, 64);
        Tensor out = tensor(rows, 64);
        int[] ids = random.ints(rows, 0, vocabSize).toArray();
        time("gather rows " + size, 8.0 * rows * 64, "GB/s", () -> kernels.gatherRows(table, ids, out));
        time("scatter-add rows " + size, 12.0 * rows * 64, "GB/s", () -> kernels.scatterAddRows(out, ids, table));
    }

    private void optimiser(int numParameters) {
        Tensor w = tensor(1, numParameters);
        Tensor g = tensor(1, numParameters);
        Tensor m = tensor(1, numParameters);
        Tensor v = Tensor.zeros(DataType.FLOAT, 1, numParameters);
        AdamWStep step = new AdamWStep(1e-4, 0.9, 0.95, 1e-8, 0.1, 1, 10);
        time("AdamW of " + numParameters, 28.0 * numParameters, "GB/s", () -> kernels.adamW(step, w, g, m, v));
        time("sum of squares of " + numParameters, 4.0 * numParameters, "GB/s", () -> kernels.sumOfSquares(g));
    }

    private Tensor tensor(int rows, int cols) {
        Tensor t = Tensor.zeros(DataType.FLOAT, rows, cols);
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        t.write(values, 0);
        return t;
    }

    /** Warms up for half a second, then measures for half a second. */
    private static void time(String name, double work, String unit, Runnable operation) {
        double[] nanos = new double[100_000];
        int count = 0;
        long warm = System.nanoTime() + 500_000_000;
        while (System.nanoTime() < warm) {
            operation.run();
        }
        long end = System.nanoTime() + 500_000_000;
        while (count < nanos.length && (count < 3 || System.nanoTime() < end)) {
            long start = System.nanoTime();
            operation.run();
            nanos[count++] = System.nanoTime() - start;
        }
        Arrays.sort(nanos, 0, count);
        double best = nanos[0];
        double median = nanos[count / 2];
        System.out.printf(
                "%-45s best %9.1f us  median %9.1f us  %7.1f (%.1f) %s%n",
                name, best / 1000, median / 1000, work / best, work / median, unit);
    }
}
