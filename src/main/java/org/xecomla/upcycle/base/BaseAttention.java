package org.xecomla.upcycle.base;

import java.io.Serializable;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.linalg.Matrix;

/**
 * The attention weights of one layer of the base. Legend: D model, H query heads, K key heads, E head dimension. Rotary
 * pairs are half-split: plane j of a head is its dimensions j and j + E/2.
 *
 * <p>Where the layer has biases, D is the model's width plus one: every weight has its bias as a last column, every
 * input ({@link LayerActivations}) a last 1, and so a method treats biases without knowing of them.
 * {@code LatentLayer} takes the column off what it has made.
 *
 * <p>Where the layer normalises queries and keys, scores are those of these weights times two numbers, 1 / rms of the
 * query and of the key ({@link AttentionConfig.KeyScales}), which no method need know of either: gains are in the
 * weights, and every head is of unit size ({@link NormedHeads}).
 *
 * @param shape counts and rope scaling of the base's layer
 * @param ropeTheta the base's rope_theta
 * @param query (H*E, D)
 * @param key (K*E, D)
 * @param value (K*E, D)
 * @param normed what the weights were before; null: the layer has no norms
 */
public record BaseAttention(
        AttentionConfig.Gqa shape, double ropeTheta, Matrix query, Matrix key, Matrix value, NormedHeads normed)
        implements Serializable {
    /** Of a layer without norms of queries and keys. */
    public BaseAttention(AttentionConfig.Gqa shape, double ropeTheta, Matrix query, Matrix key, Matrix value) {
        this(shape, ropeTheta, query, key, value, null);
    }

    public BaseAttention {
        require(query, shape.numHeads() * shape.headDim(), "query", query.cols());
        require(key, shape.numKvHeads() * shape.headDim(), "key", query.cols());
        require(value, shape.numKvHeads() * shape.headDim(), "value", query.cols());
    }

    private static void require(Matrix weight, int rows, String what, int cols) {
        if (weight.rows() != rows || weight.cols() != cols) {
            throw new IllegalArgumentException(what + " weight is a " + weight + ", not " + rows + " x " + cols);
        }
    }

    /** D: one more than the model's width where there are biases. */
    public int inputSize() {
        return query.cols();
    }

    /** Query heads that share a key head. */
    public int groupSize() {
        return shape.numHeads() / shape.numKvHeads();
    }

    /**
     * What the student's unrotated queries of a head are: the base's own, whose rms is theirs, where there are norms;
     * else those times {@code factor}. (E, D)
     */
    public Matrix unrotatedQuery(int head, double factor) {
        return normed == null ? queryHead(head).scale(factor) : normed.queryHead(shape, head);
    }

    /** What the rotated queries of a head are multiplied by, so that units of its size become its own. */
    public double rotatedFactor(int head) {
        return normed == null ? 1 : 1 / (normed.querySizes()[head] * normed.keySizes()[head / groupSize()]);
    }

    /**
     * Where there are norms, key rows of every head times what its queries have not: their gains and {@code factor}.
     *
     * @param up (H*(E+E), R), per query head E key rows, then E value rows
     */
    public Matrix readByQueries(Matrix up, double factor) {
        if (normed == null) {
            return up;
        }
        int e = shape.headDim();
        double[] factors = new double[up.rows()];
        for (int row = 0; row < factors.length; row++) {
            int head = row / (2 * e);
            int i = row % (2 * e);
            factors[row] =
                    i < e ? factor * normed.queryGains()[head * e + i] / normed.keySizes()[head / groupSize()] : 1;
        }
        return up.scaleRows(factors);
    }

    /** Weight rows of query head {@code head}. (E, D) */
    public Matrix queryHead(int head) {
        return query.rows(head * shape.headDim(), (head + 1) * shape.headDim());
    }
}
