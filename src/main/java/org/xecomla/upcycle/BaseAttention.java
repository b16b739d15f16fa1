package org.xecomla.upcycle;

import java.io.Serializable;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.linalg.Matrix;

/**
 * The attention weights of one layer of the base. Legend: D model, H query heads, K key heads, E head dimension. Rotary
 * pairs are half-split: plane j of a head is its dimensions j and j + E/2.
 *
 * <p>Where the layer has biases, D is the model's width plus one: every weight has its bias as a last column, every
 * input ({@link LayerActivations}) a last 1, and so a method treats biases without knowing of them.
 * {@link LatentLayer} takes the column off what it has made.
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

    /** D: one more than the model's width where there are biases. */
    public int inputSize() {
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
