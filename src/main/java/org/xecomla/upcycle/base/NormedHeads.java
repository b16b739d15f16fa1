package org.xecomla.upcycle.base;

import java.io.Serializable;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.linalg.Matrix;

/**
 * Queries and keys of a layer that normalises them: as they are, and what makes of them weights that a conversion can
 * work on. A norm makes heads equal whatever the size of their weights, so that these must be made equal too before
 * heads are compared. Legend: D model, H query heads, K key heads, E head dimension.
 *
 * @param query (H*E, D)
 * @param key (K*E, D)
 * @param queryGains (H*E)
 * @param keyGains (K*E)
 * @param querySizes (H): 1 / rms of a head for inputs of unit variance
 * @param keySizes (K)
 */
public record NormedHeads(
        Matrix query, Matrix key, double[] queryGains, double[] keyGains, double[] querySizes, double[] keySizes)
        implements Serializable {
    /**
     * @param queryGain of one head (E), or of all (H*E)
     * @param keyGain of one head (E), or of all (K*E)
     */
    public static NormedHeads of(
            AttentionConfig.Gqa shape, Matrix query, Matrix key, float[] queryGain, float[] keyGain) {
        return new NormedHeads(
                query,
                key,
                repeated(queryGain, query.rows()),
                repeated(keyGain, key.rows()),
                sizes(query, shape.norm().scope().numGroups(shape.numHeads()), shape.numHeads()),
                sizes(key, shape.norm().scope().numGroups(shape.numKvHeads()), shape.numKvHeads()));
    }

    private static double[] repeated(float[] gain, int length) {
        double[] gains = new double[length];
        for (int i = 0; i < length; i++) {
            gains[i] = gain[i % gain.length];
        }
        return gains;
    }

    private static double[] sizes(Matrix weight, int numGroups, int numHeads) {
        double[] sizes = new double[numHeads];
        int rows = weight.rows() / numGroups;
        for (int h = 0; h < numHeads; h++) {
            int group = h * numGroups / numHeads;
            double square = weight.rows(group * rows, (group + 1) * rows).sumOfSquares() / rows;
            sizes[h] = square > 0 ? 1 / Math.sqrt(square) : 1;
        }
        return sizes;
    }

    /** Queries with their gains, of unit size. (H*E, D) */
    public Matrix unitQuery() {
        return query.scaleRows(factors(queryGains, querySizes));
    }

    /** Keys with their gains, of unit size. (K*E, D) */
    public Matrix unitKey() {
        return key.scaleRows(factors(keyGains, keySizes));
    }

    private static double[] factors(double[] gains, double[] sizes) {
        double[] factors = new double[gains.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = gains[i] * sizes[i / (gains.length / sizes.length)];
        }
        return factors;
    }

    /** Queries of one head as they are. (E, D) */
    public Matrix queryHead(AttentionConfig.Gqa shape, int head) {
        return query.rows(head * shape.headDim(), (head + 1) * shape.headDim());
    }
}
