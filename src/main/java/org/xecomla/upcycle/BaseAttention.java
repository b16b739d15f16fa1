package org.xecomla.upcycle;

import java.io.Serializable;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.linalg.Matrix;

/**
 * The attention weights of one layer of the base. Legend: D model, H query heads, K key heads, E head dimension. Rotary
 * pairs are half-split: plane j of a head is its dimensions j and j + E/2.
 *
 * @param shape counts and rope scaling of the base's layer
 * @param ropeTheta the base's rope_theta
 * @param query (H*E, D)
 * @param key (K*E, D)
 * @param value (K*E, D)
 */
public record BaseAttention(AttentionConfig.Gqa shape, double ropeTheta, Matrix query, Matrix key, Matrix value)
        implements Serializable {
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

    public int hiddenSize() {
        return query.cols();
    }

    /** Query heads that share a key head. */
    public int groupSize() {
        return shape.numHeads() / shape.numKvHeads();
    }

    /** Weight rows of query head {@code head}. (E, D) */
    Matrix queryHead(int head) {
        return query.rows(head * shape.headDim(), (head + 1) * shape.headDim());
    }
}
