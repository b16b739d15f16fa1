package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Every backward against central differences of its forward, in double on {@link TestedKernels}: the loss is the sum of
 * the outputs times fixed random weights. With steps of 1e-6 both differ by less than 1e-7 of the largest gradient.
 */
class KernelGradientsTest {
    private static final double STEP = 1e-6;
    private static final double TOLERANCE = 1e-7;

    private final Kernels kernels = TestedKernels.inBothTypes(ElementType.DOUBLE);
    private final Random random = new Random(11);
    private final List<Tensor> made = new ArrayList<>();

    @AfterEach
    void free() {
        kernels.close();
        made.forEach(t -> t.storage().close());
    }

    private Tensor random(int rows, int cols) {
        double[] values = random.doubles((long) rows * cols, -1, 1).toArray();
        Tensor t = Tensors.of(ElementType.DOUBLE, rows, cols, values);
        made.add(t);
        return t;
    }

    private Tensor zeros(int rows, int cols) {
        Tensor t = Tensors.zeros(ElementType.DOUBLE, rows, cols);
        made.add(t);
        return t;
    }

    private static double weighted(Tensor weights, Tensor outputs) {
        double[] w = weights.toDoubles();
        double[] o = outputs.toDoubles();
        double sum = 0;
        for (int i = 0; i < w.length; i++) {
            sum += w[i] * o[i];
        }
        return sum;
    }

    private interface Loss {
        double get();
    }

    /** The gradient that was computed, against the differences of the loss when one element of {@code x} moves. */
    private static void check(Tensor gradient, Tensor x, Loss loss) {
        double[] differences = new double[x.rows() * x.cols()];
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                double value = x.get(r, c);
                x.set(r, c, value + STEP);
                double above = loss.get();
                x.set(r, c, value - STEP);
                double below = loss.get();
                x.set(r, c, value);
                differences[r * x.cols() + c] = (above - below) / (2 * STEP);
            }
        }
        KernelRig.checkClose(differences, gradient.toDoubles(), TOLERANCE);
    }

    @Test
    void gemm() {
        for (int flags = 0; flags < 4; flags++) {
            boolean transposeA = (flags & 1) != 0;
            boolean transposeB = (flags & 2) != 0;
            Tensor a = transposeA ? random(5, 3) : random(3, 5);
            Tensor b = transposeB ? random(4, 5) : random(5, 4);
            Tensor c = zeros(3, 4);
            Tensor dC = random(3, 4);
            Loss loss = () -> {
                kernels.gemm().multiply(transposeA, transposeB, 0.7, a, b, 0, c);
                return weighted(dC, c);
            };
            Tensor dA = zeros(a.rows(), a.cols());
            Tensor dB = zeros(b.rows(), b.cols());
            if (transposeA) {
                kernels.gemm().multiply(transposeB, true, 0.7, b, dC, 0, dA);
            } else {
                kernels.gemm().multiply(false, !transposeB, 0.7, dC, b, 0, dA);
            }
            if (transposeB) {
                kernels.gemm().multiply(true, transposeA, 0.7, dC, a, 0, dB);
            } else {
                kernels.gemm().multiply(!transposeA, false, 0.7, a, dC, 0, dB);
            }
            check(dA, a, loss);
            check(dB, b, loss);
        }
    }

    @Test
    void rmsNorm() {
        Tensor x = random(5, 7);
        Tensor gain = random(1, 7);
        Tensor y = zeros(5, 7);
        Tensor inverseRms = zeros(5, 1);
        Tensor dY = random(5, 7);
        Loss loss = () -> {
            kernels.norm().forward(x, gain, 1e-2, y, inverseRms);
            return weighted(dY, y);
        };
        loss.get();
        Tensor dX = zeros(5, 7);
        Tensor dGain = zeros(1, 7);
        kernels.norm().backward(dY, x, gain, inverseRms, dX, dGain);
        check(dX, x, loss);
        check(dGain, gain, loss);
    }

    @Test
    void rope() {
        Indices positions = Indices.of(1, 2, 3, 0, 1, 4);
        Tensor x = random(6, 2 * 6);
        Tensor rotated = zeros(6, 2 * 6);
        Tensor cos = random(5, 2);
        Tensor sin = random(5, 2);
        Tensor weights = random(6, 2 * 6);
        Loss loss = () -> {
            kernels.elementwise().copy(x, rotated);
            kernels.rope().forward(HeadView.of(rotated, 2).part(2, 6), cos, sin, positions);
            return weighted(weights, rotated);
        };
        Tensor dX = zeros(6, 2 * 6);
        kernels.elementwise().copy(weights, dX);
        kernels.rope().backward(HeadView.of(dX, 2).part(2, 6), cos, sin, positions);
        check(dX, x, loss);
    }

    @Test
    void sharedRopeKey() {
        Tensor shared = random(4, 3);
        Tensor keys = zeros(4, 2 * 5);
        Tensor dKeys = random(4, 2 * 5);
        Loss loss = () -> {
            kernels.headCopy()
                    .copy(HeadView.shared(shared, 2), HeadView.of(keys, 2).part(2, 5));
            return weighted(dKeys, keys);
        };
        Tensor dShared = zeros(4, 3);
        kernels.headCopy().add(HeadView.of(dKeys, 2).part(2, 5), HeadView.shared(dShared, 2));
        check(dShared, shared, loss);
    }

    @Test
    void attention() {
        attention(Sequences.of(2, 10));
    }

    @Test
    void attentionWithinDocuments() {
        attention(Sequences.of(2, new int[] {0, 0, 2, 3, 3, 0, 1, 1, 1, 1}));
    }

    private void attention(Sequences sequences) {
        for (int numKeyHeads : new int[] {1, 2, 4}) {
            Tensor q = random(10, 4 * 3);
            Tensor k = random(10, numKeyHeads * 3);
            Tensor v = random(10, numKeyHeads * 2);
            Tensor out = zeros(10, 4 * 2);
            Tensor logSumExp = zeros(10, 4);
            Tensor dOut = random(10, 4 * 2);
            HeadView queries = HeadView.of(q, 4);
            HeadView keys = HeadView.of(k, numKeyHeads);
            HeadView values = HeadView.of(v, numKeyHeads);
            Loss loss = () -> {
                kernels.attention().forward(queries, keys, values, HeadView.of(out, 4), logSumExp, sequences, 0.8);
                return weighted(dOut, out);
            };
            loss.get();
            Tensor dQ = zeros(10, 4 * 3);
            Tensor dK = zeros(10, numKeyHeads * 3);
            Tensor dV = zeros(10, numKeyHeads * 2);
            kernels.attention()
                    .backward(
                            HeadView.of(dOut, 4),
                            queries,
                            keys,
                            values,
                            HeadView.of(out, 4),
                            logSumExp,
                            sequences,
                            0.8,
                            HeadView.of(dQ, 4),
                            HeadView.of(dK, numKeyHeads),
                            HeadView.of(dV, numKeyHeads));
            check(dQ, q, loss);
            check(dK, k, loss);
            check(dV, v, loss);
        }
    }

    @Test
    void swiGlu() {
        Tensor gate = random(3, 5);
        Tensor up = random(3, 5);
        Tensor out = zeros(3, 5);
        Tensor dOut = random(3, 5);
        Loss loss = () -> {
            kernels.swiGlu().forward(gate, up, out);
            return weighted(dOut, out);
        };
        Tensor dGate = zeros(3, 5);
        Tensor dUp = zeros(3, 5);
        kernels.swiGlu().backward(dOut, gate, up, dGate, dUp);
        check(dGate, gate, loss);
        check(dUp, up, loss);
    }

    @Test
    void embedding() {
        Tensor table = random(4, 3);
        Indices ids = Indices.of(2, 0, 2, 3, 2);
        Tensor out = zeros(5, 3);
        Tensor dOut = random(5, 3);
        Loss loss = () -> {
            kernels.embedding().gather(table, ids, out);
            return weighted(dOut, out);
        };
        Tensor dTable = zeros(4, 3);
        kernels.embedding().scatterAdd(dOut, ids, dTable);
        check(dTable, table, loss);
    }

    /** Cross-entropy at inverse temperature beta: the gradient is beta (softmax - chosen). */
    @Test
    void crossEntropyFromSoftmax() {
        double beta = 0.6;
        Tensor logits = random(4, 7);
        Tensor work = zeros(4, 7);
        int[] labels = {6, 0, 3, 3};
        Loss loss = () -> {
            double[] logSumExp = new double[4];
            double[] chosen = new double[4];
            kernels.head().gather(logits, labels, chosen);
            kernels.elementwise().copy(logits, work);
            kernels.head().softmax(work, beta, logSumExp);
            double sum = 0;
            for (int n = 0; n < 4; n++) {
                sum += logSumExp[n] - beta * chosen[n];
            }
            return sum;
        };
        loss.get();
        Tensor dLogits = zeros(4, 7);
        kernels.elementwise().copy(work, dLogits);
        kernels.head().scatterAdd(new double[] {-1, -1, -1, -1}, labels, dLogits);
        kernels.elementwise().scale(beta, dLogits);
        check(dLogits, logits, loss);
    }

    /** Weight decay and the first step: without an average the update is the learning rate times the sign. */
    @Test
    void firstStepOfAdamW() {
        Tensor w = random(1, 9);
        Tensor g = random(1, 9);
        double[] before = w.toDoubles();
        kernels.adamW().step(new AdamWStep(0.01, 0.9, 0.999, 0, 0.5, 3, 1), w, g, zeros(1, 9), zeros(1, 9));
        for (int i = 0; i < 9; i++) {
            double expected = before[i] * (1 - 0.01 * 0.5) - 0.01 * Math.signum(g.get(0, i));
            assertEquals(expected, w.get(0, i), 1e-12);
        }
    }
}
