package org.xecomla.eval;

import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * Logits of a chunk of positions at a time, and sums over one row of them in double. Legend: D model, V vocabulary, n
 * rows.
 */
public final class Logits {
    private static final int CHUNK_ELEMENTS = 1 << 20;
    private static final int LEAST_ROWS = 64; // below, products with the head are bound by reading it

    private Logits() {}

    /** How many rows of logits to hold at once. */
    public static int chunkRows(CausalLm model) {
        return Math.max(LEAST_ROWS, CHUNK_ELEMENTS / model.config().vocabSize());
    }

    /**
     * Logits on top of {@code arena}.
     *
     * @param hidden (n, D), at most {@link #chunkRows} rows
     */
    public static Tensor of(CausalLm model, Tensor hidden, Arena arena) {
        Tensor logits = arena.matrix(hidden.rows(), model.config().vocabSize()); // (n, V)
        model.logits(hidden, logits);
        return logits;
    }

    /** log of the sum of exp(z). */
    public static double logSumExp(double[] z) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : z) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (double value : z) {
            sum += Math.exp(value - max);
        }
        return max + Math.log(sum);
    }

    /** The place of the largest value, the first of equals. */
    public static int argmax(double[] z) {
        int best = 0;
        for (int i = 1; i < z.length; i++) {
            best = z[i] > z[best] ? i : best;
        }
        return best;
    }
}
