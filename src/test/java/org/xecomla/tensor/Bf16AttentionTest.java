package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.cpu.CpuKernels;

/**
 * Attention whose products are rounded to bfloat16, against the naive loop in double. Scores of unit size are off by
 * 2^-8 of the norms that they multiply, and errors of hundreds of terms average out: the relative error of a whole
 * tensor stays below 2^-7, that of a gradient, which goes through two such products more, below 2^-6.
 */
class Bf16AttentionTest {
    private static final double FORWARD = 1.0 / 128;
    private static final double BACKWARD = 1.0 / 64;

    private final Random random = new Random(9);

    private record Call(Kernels kernels, Tensor q, Tensor k, Tensor v, Tensor dOut, int heads, int keyHeads) {
        /** out, dQ, dK and dV. */
        Tensor[] run(int sequences, int length, int document) {
            int[] firstKeys = IntStream.range(0, sequences * length)
                    .map(row -> row % length / document * document)
                    .toArray();
            Sequences structure = Sequences.of(sequences, firstKeys);
            Tensor out = like(dOut);
            Tensor logSumExp = Tensors.zeros(kernels.type(), q.rows(), heads);
            HeadView queries = HeadView.of(q, heads);
            HeadView keys = HeadView.of(k, keyHeads);
            HeadView values = HeadView.of(v, keyHeads);
            kernels.attention().forward(queries, keys, values, HeadView.of(out, heads), logSumExp, structure, 0.2);
            Tensor dQ = like(q);
            Tensor dK = like(k);
            Tensor dV = like(v);
            kernels.attention()
                    .backward(
                            HeadView.of(dOut, heads),
                            queries,
                            keys,
                            values,
                            HeadView.of(out, heads),
                            logSumExp,
                            structure,
                            0.2,
                            HeadView.of(dQ, heads),
                            HeadView.of(dK, keyHeads),
                            HeadView.of(dV, keyHeads));
            return new Tensor[] {out, dQ, dK, dV};
        }

        private Tensor like(Tensor t) {
            return Tensors.zeros(kernels.type(), t.rows(), t.cols());
        }
    }

    private Call call(Kernels kernels, int sequences, int length, int heads, int keyHeads, int width, int valueWidth) {
        int rows = sequences * length;
        random.setSeed(9);
        return new Call(
                kernels,
                drawn(kernels.type(), rows, heads * width),
                drawn(kernels.type(), rows, keyHeads * width),
                drawn(kernels.type(), rows, keyHeads * valueWidth),
                drawn(kernels.type(), rows, heads * valueWidth),
                heads,
                keyHeads);
    }

    private Tensor drawn(ElementType type, int rows, int cols) {
        double[] values = new double[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.of(type, rows, cols, values);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 160, 160, 4, 2, 32, 16",
        "1, 300, 300, 2, 2, 40, 24",
        "1, 131, 131, 3, 1, 16, 48",
        "2, 300, 70, 2, 2, 40, 24",
        "1, 131, 50, 3, 1, 16, 48"
    })
    void agreesWithTheNaiveLoop(
            int sequences, int length, int document, int heads, int keyHeads, int width, int valueWidth) {
        Kernels naive = new NaiveKernels(ElementType.DOUBLE);
        Tensor[] expected = call(naive, sequences, length, heads, keyHeads, width, valueWidth)
                .run(sequences, length, document);
        try (Kernels kernels = new CpuKernels(2, ComputeConfig.Precision.BF16)) {
            Tensor[] found = call(kernels, sequences, length, heads, keyHeads, width, valueWidth)
                    .run(sequences, length, document);
            for (int i = 0; i < expected.length; i++) {
                double error = relativeError(expected[i].toDoubles(), found[i].toDoubles());
                assertTrue(error < (i == 0 ? FORWARD : BACKWARD), "result " + i + " is off by " + error);
            }
        }
    }

    private static double relativeError(double[] expected, double[] found) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += (expected[i] - found[i]) * (expected[i] - found[i]);
            size += expected[i] * expected[i];
        }
        return Math.sqrt(difference / size);
    }
}
