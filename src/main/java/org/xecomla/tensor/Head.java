package org.xecomla.tensor;

/** What a loss makes of logits, and the gradients of logits of what it computed. */
public interface Head {
    /**
     * Softmax of every row in place, at inverse temperature {@code beta}: x = exp(beta x - logSumExp).
     *
     * @param x (N, V)
     * @param logSumExp length N, output: log sum exp(beta x) of every row
     */
    void softmax(Tensor x, double beta, double[] logSumExp);

    /** Row r of X is multiplied by {@code factors[r]}. */
    void scaleRows(double[] factors, Tensor x);

    /**
     * values[n * k + i] = x[n, ids[n * k + i]], with k = ids.length / N. A negative id reads 0.
     *
     * @throws IndexOutOfBoundsException where x has no such column
     */
    void gather(Tensor x, int[] ids, double[] values);

    /**
     * The backward of {@link #gather}: x[n, ids[n * k + i]] += values[n * k + i]; a negative id is skipped; repeated
     * ids add up.
     *
     * @throws IndexOutOfBoundsException where x has no such column
     */
    void scatterAdd(double[] values, int[] ids, Tensor x);
}
