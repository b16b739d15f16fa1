package org.xecomla.nn.loss;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * q = softmax(beta z) of some positions in the logits' own memory, and the gradient that the losses of this softmax add
 * up.
 *
 * <p>Whatever the loss, the gradient of a row is a multiple of q and, in few columns, something more. A loss over
 * buckets sets its listed tokens apart: they have a multiple of their own, and their columns of q become 0, so that
 * what is left adds up to the rest: small rests would drown in the rounding of 1 minus the listed. Legend: N positions,
 * V vocabulary, k listed tokens.
 */
final class SoftmaxRows {
    /**
     * Tokens that were set apart.
     *
     * @param ids (N, k)
     * @param listed (N, k) their probabilities
     * @param rest (N) the probability of all others
     */
    record Apart(int[] ids, double[] listed, double[] rest) {
        int k() {
            return ids.length / rest.length;
        }
    }

    private record Columns(int[] ids, double[] dZ) {}

    private final Kernels kernels;
    private final Arena arena;
    private final Tensor q; // (N, V)
    private final double[] logSumExp; // (N)
    private final double[] multiples; // (N) of q in the gradient
    private final double[] multiplesApart; // (N) of the tokens set apart
    private final List<Columns> columns = new ArrayList<>();
    private Apart apart; // null: no token
    private double[] dApart; // (N, k) of the tokens set apart, beside their multiple

    private SoftmaxRows(Tensor logits, double beta, Kernels kernels, Arena arena) {
        this.kernels = kernels;
        this.arena = arena;
        this.q = logits;
        this.logSumExp = new double[logits.rows()];
        this.multiples = new double[logits.rows()];
        this.multiplesApart = new double[logits.rows()];
        kernels.head().softmax(logits, beta, logSumExp); // (N, V)
    }

    /** {@link TokenLoss#apply} of losses of one temperature together. */
    static LossSums apply(
            List<? extends SoftmaxLoss> losses, Tensor logits, boolean backward, Kernels kernels, Arena arena) {
        List<ListedTargets> listed = losses.stream().map(SoftmaxLoss::listed).toList();
        List<double[]> z = listed.stream()
                .map(targets -> gather(logits, targets.ids(), kernels)) // (N, k)
                .toList();
        SoftmaxRows q = new SoftmaxRows(logits, losses.get(0).beta(), kernels, arena);
        LossSums sums = LossSums.ZERO;
        for (int i = 0; i < losses.size(); i++) {
            sums = sums.plus(losses.get(i).forward(q, listed.get(i), z.get(i)));
        }
        if (backward) {
            for (int i = 0; i < losses.size(); i++) {
                losses.get(i).backward(q, listed.get(i));
            }
            q.becomeGradient();
        }
        return sums;
    }

    /** (N): log of the sum of exp(beta z). */
    double[] logSumExp() {
        return logSumExp;
    }

    /**
     * Sets tokens apart, once.
     *
     * @param ids (N, k), unused entries -1
     */
    Apart setApart(int[] ids) {
        if (apart != null) {
            throw new IllegalStateException("two losses over buckets cannot share a softmax");
        }
        double[] listed = gather(q, ids, kernels); // (N, k)
        double[] negative = new double[listed.length]; // (N, k)
        for (int i = 0; i < listed.length; i++) {
            negative[i] = -listed[i];
        }
        kernels.head().scatterAdd(negative, ids, q); // (N, V)
        long mark = arena.mark();
        Tensor ones = arena.matrix(1, q.cols()); // (1, V)
        Tensor rest = arena.matrix(q.rows(), 1); // (N, 1)
        kernels.elementwise().fill(ones, 1); // (1, V)
        kernels.gemm().multiply(false, true, 1, q, ones, 0, rest); // (N, 1)
        apart = new Apart(ids, listed, gather(rest, new int[q.rows()], kernels));
        arena.release(mark);
        return apart;
    }

    /** What was set apart. */
    Apart apart() {
        return apart;
    }

    /**
     * Adds to the gradient of row {@code n} q times {@code ofApart} for tokens set apart, q times {@code ofOthers}
     * else.
     */
    void addMultiple(int n, double ofApart, double ofOthers) {
        multiplesApart[n] += ofApart;
        multiples[n] += ofOthers;
    }

    /**
     * Adds to the gradient in some columns.
     *
     * @param ids (N, k), unused entries -1
     * @param dZ (N, k)
     */
    void addColumns(int[] ids, double[] dZ) {
        columns.add(new Columns(ids, dZ));
    }

    /** Adds {@code dZ} (N, k) to the gradient of the tokens set apart, once. */
    void addApart(double[] dZ) {
        dApart = dZ;
    }

    private void becomeGradient() {
        // forward was: q = softmax(beta z), then the losses of q
        kernels.head().scaleRows(multiples, q); // (N, V)
        if (apart != null) {
            double[] dZ = new double[dApart.length]; // (N, k)
            for (int i = 0; i < dZ.length; i++) {
                dZ[i] = multiplesApart[i / apart.k()] * apart.listed[i] + dApart[i];
            }
            kernels.head().scatterAdd(dZ, apart.ids, q); // (N, V)
        }
        for (Columns some : columns) {
            kernels.head().scatterAdd(some.dZ, some.ids, q); // (N, V)
        }
    }

    private static double[] gather(Tensor x, int[] ids, Kernels kernels) {
        double[] values = new double[ids.length];
        kernels.head().gather(x, ids, values);
        return values;
    }
}
