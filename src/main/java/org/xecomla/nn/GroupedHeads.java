package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * What grouped-query attention does with queries, keys and values, whatever they were projected by: norms, rotation,
 * attention, output. Legend: B batch, T time, D model, H query heads, G key/value heads, K head dimension.
 *
 * @param queryNorm of queries before they are rotated (Qwen3); null: none
 * @param keyNorm the same of keys
 */
record GroupedHeads(
        AttentionConfig.Gqa config,
        HeadNorm queryNorm,
        HeadNorm keyNorm,
        Linear output,
        RopeTable rope,
        Kernels kernels) {
    /**
     * @param queries q (B*T, H*K), rotated, and what its norm needs
     * @param keys k (B*T, G*K), rotated, and the same
     * @param v (B*T, G*K)
     * @param out (B*T, H*K)
     * @param logSumExp (B*T, H)
     */
    record Cache(
            HeadNorm.Cache queries, HeadNorm.Cache keys, Tensor v, Tensor out, Tensor logSumExp, Sequences sequences) {
        Tensor q() {
            return queries.y();
        }

        Tensor k() {
            return keys.y();
        }
    }

    /**
     * Of what was projected, before norms and rotation.
     *
     * @param dQ (B*T, H*K)
     * @param dK (B*T, G*K)
     * @param dV (B*T, G*K)
     */
    record Gradients(Tensor dQ, Tensor dK, Tensor dV) {}

    static GroupedHeads of(AttentionConfig.Gqa config, String prefix, Parameters parameters, RopeTable rope) {
        return new GroupedHeads(
                config,
                HeadNorm.of(config.norm(), config.numHeads(), prefix + ParameterNames.Q_NORM, parameters),
                HeadNorm.of(config.norm(), config.numKvHeads(), prefix + ParameterNames.K_NORM, parameters),
                parameters.linear(
                        prefix + ParameterNames.O_PROJ, config.biases().ofOutput()),
                rope,
                parameters.kernels());
    }

    boolean trainable() {
        return queryNorm.trainable() || keyNorm.trainable() || output.trainable();
    }

    /**
     * @param projectedQueries (B*T, H*K), may be changed
     * @param projectedKeys (B*T, G*K), may be changed
     * @param v (B*T, G*K)
     * @param y (B*T, D), adds
     */
    Cache forward(Tensor projectedQueries, Tensor projectedKeys, Tensor v, Sequences sequences, Tensor y, Arena arena) {
        HeadNorm.Cache normedQueries = queryNorm.forward(projectedQueries, arena);
        HeadNorm.Cache normedKeys = keyNorm.forward(projectedKeys, arena);
        Tensor q = normedQueries.y(); // (B*T, H*K)
        Tensor k = normedKeys.y(); // (B*T, G*K)
        Indices positions = sequences.positions();
        rope.rotate(queryHeads(q), positions, kernels);
        rope.rotate(keyHeads(k), positions, kernels);
        Tensor out = arena.matrix(q.rows(), q.cols()); // (B*T, H*K)
        Tensor logSumExp = arena.matrix(q.rows(), config.numHeads()); // (B*T, H)
        kernels.attention()
                .forward(
                        queryHeads(q),
                        keyHeads(k),
                        keyHeads(v),
                        queryHeads(out),
                        logSumExp,
                        sequences,
                        config.softmaxScale());
        output.forwardAdding(out, y); // (B*T, D)
        return new Cache(normedQueries, normedKeys, v, out, logSumExp, sequences);
    }

    /**
     * Adds into the gradients of norms and output; what is returned lies on top of the arena.
     *
     * @param dY (B*T, D)
     */
    Gradients backward(Tensor dY, Cache cache, Arena arena) {
        Indices positions = cache.sequences.positions();
        Tensor dQ = arena.matrix(dY.rows(), cache.q().cols()); // (B*T, H*K)
        Tensor dK = arena.matrix(dY.rows(), cache.k().cols()); // (B*T, G*K)
        Tensor dV = arena.matrix(dY.rows(), cache.v.cols()); // (B*T, G*K)
        long mark = arena.mark();
        Tensor dOut = arena.matrix(dY.rows(), cache.out.cols()); // (B*T, H*K)
        // forward was: y += output(out)
        output.backward(dY, cache.out, dOut); // (B*T, H*K)
        // forward was: out = attention(q, k, v)
        kernels.attention()
                .backward(
                        queryHeads(dOut),
                        queryHeads(cache.q()),
                        keyHeads(cache.k()),
                        keyHeads(cache.v),
                        queryHeads(cache.out),
                        cache.logSumExp,
                        cache.sequences,
                        config.softmaxScale(),
                        queryHeads(dQ),
                        keyHeads(dK),
                        keyHeads(dV));
        arena.release(mark);
        // forward was: q, k rotated in place
        rope.rotateBack(keyHeads(dK), positions, kernels);
        rope.rotateBack(queryHeads(dQ), positions, kernels);
        // forward was: q = queryNorm(projected queries), k = keyNorm(projected keys)
        return new Gradients(queryNorm.backward(dQ, cache.queries, arena), keyNorm.backward(dK, cache.keys, arena), dV);
    }

    /**
     * Queries of new tokens as they meet cached keys.
     *
     * @param projected (n, H*K), may be changed
     * @return (n, H*K)
     */
    Tensor decodedQueries(Tensor projected, DecodeStep step, Arena arena) {
        Tensor q = queryNorm.forward(projected, arena).y(); // (n, H*K)
        step.rotate(queryHeads(q), rope);
        return q;
    }

    /**
     * Keys as queries meet them.
     *
     * @param projected (N, G*K), may be changed
     * @param positions (N)
     * @return (N, G*K)
     */
    Tensor keysAt(Tensor projected, Indices positions, Arena arena) {
        Tensor k = keyNorm.forward(projected, arena).y(); // (N, G*K)
        rope.rotate(keyHeads(k), positions, kernels);
        return k;
    }

    HeadView queryHeads(Tensor x) {
        return HeadView.of(x, config.numHeads());
    }

    HeadView keyHeads(Tensor x) {
        return HeadView.of(x, config.numKvHeads());
    }
}
