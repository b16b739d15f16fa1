package org.xecomla.nn;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * One new token each of n sequences, in one layer. Legend: n sequences, S tokens cached of one of them, the new one
 * included; G key heads, M query heads of each, K width of queries and keys, W of values; E elements of a cached token.
 *
 * @param slots (n) where in the cache each sequence lies
 * @param positions (n) of the new tokens; S is one more
 */
record DecodeStep(KvCache cache, int layer, int[] slots, Indices positions, Kernels kernels) {
    /**
     * Where keys and values lie in a cached token: key head g at columns g * K, its values at firstValue + g * W; where
     * there is one key head, numScales numbers behind it that its scores are multiplied by.
     */
    record Columns(int numKeyHeads, int keyWidth, int firstValue, int valueWidth, int numScales) {}

    DecodeStep ofLayer(int other) {
        return new DecodeStep(cache, other, slots, positions, kernels);
    }

    /**
     * Rotates the heads of every row, in place, to its own position.
     *
     * @param x n rows
     */
    void rotate(HeadView x, RopeTable rope) {
        rope.rotate(x, positions, kernels);
    }

    /**
     * Caches a part of the new tokens.
     *
     * @param part (n, width), kept in columns {@code firstColumn} on
     */
    void store(Tensor part, int firstColumn) {
        for (int i = 0; i < slots.length; i++) {
            Tensor token = cache.tokens(layer, slots[i], positions.get(i), positions.get(i) + 1); // (1, E)
            kernels.elementwise()
                    .copy(part.rows(i, i + 1), token.cols(firstColumn, firstColumn + part.cols())); // (1, width)
        }
    }

    /**
     * Attention of every new token over all that is cached of its sequence. Query heads that share a key head are the
     * rows of one product.
     *
     * @param q (n, G*M*K)
     * @param out (n, G*M*W), overwritten
     */
    void attend(Tensor q, Columns columns, double scale, Tensor out, Arena arena) {
        int width = q.cols() / columns.numKeyHeads; // M*K
        int numQueries = width / columns.keyWidth; // M
        int outWidth = numQueries * columns.valueWidth; // M*W
        for (int i = 0; i < slots.length; i++) {
            Tensor tokens = tokens(i); // (S, E)
            for (int g = 0; g < columns.numKeyHeads; g++) {
                int firstKey = g * columns.keyWidth;
                int firstValue = columns.firstValue + g * columns.valueWidth;
                Tensor ofGroup = q.rows(i, i + 1).cols(g * width, (g + 1) * width); // (1, M*K)
                Tensor queries = ofGroup.reshape(numQueries, columns.keyWidth); // (M, K)
                Tensor keys = tokens.cols(firstKey, firstKey + columns.keyWidth); // (S, K)
                Tensor values = tokens.cols(firstValue, firstValue + columns.valueWidth); // (S, W)
                Tensor outOfGroup = out.rows(i, i + 1).cols(g * outWidth, (g + 1) * outWidth); // (1, M*W)
                Tensor mixed = outOfGroup.reshape(numQueries, columns.valueWidth); // (M, W)
                int firstScale = columns.keyWidth;
                Tensor scales = columns.numScales == 0
                        ? null
                        : tokens.cols(firstScale, firstScale + columns.numScales); // (S, numScales)
                attend(queries, keys, values, scale, scales, mixed, arena); // (M, W)
            }
        }
    }

    /** What is cached of the sequence of row {@code i}, the new token included. (S, E) */
    Tensor tokens(int i) {
        return cache.tokens(layer, slots[i], 0, positions.get(i) + 1);
    }

    /**
     * Attention of some queries of one token over all keys and values of its sequence.
     *
     * @param queries (M, K)
     * @param keys (S, K)
     * @param values (S, W)
     * @param mixed (M, W), overwritten
     */
    void attend(Tensor queries, Tensor keys, Tensor values, double scale, Tensor mixed, Arena arena) {
        attend(queries, keys, values, scale, null, mixed, arena); // (M, W)
    }

    /** @param scales (S, numScales), that scores are multiplied by; null: none */
    private void attend(
            Tensor queries, Tensor keys, Tensor values, double scale, Tensor scales, Tensor mixed, Arena arena) {
        long mark = arena.mark();
        Tensor p = arena.matrix(queries.rows(), keys.rows()); // (M, S)
        kernels.gemm().multiply(false, true, scale, queries, keys, 0, p); // (M, S)
        if (scales != null) {
            kernels.headScale().scaleScores(p, scales); // (M, S)
        }
        kernels.head().softmax(p, 1, new double[queries.rows()]); // (M, S)
        kernels.gemm().multiply(false, false, 1, p, values, 0, mixed); // (M, W)
        arena.release(mark);
    }
}
