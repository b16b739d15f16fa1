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
 * Llama's attention with G key/value heads for H query heads (Ainslie et al. 2023); multi-head where G = H. Legend: B
 * batch, T time, D model, H query heads, G key/value heads, K head dimension.
 *
 * @param queryNorm of queries before they are rotated (Qwen3); null: none
 * @param keyNorm the same of keys
 */
record GroupedQueryAttention(
        AttentionConfig.Gqa config,
        Linear queries,
        Linear keys,
        Linear values,
        HeadNorm queryNorm,
        HeadNorm keyNorm,
        Linear output,
        RopeTable rope,
        Kernels kernels)
        implements Attention {
    /**
     * @param x (B*T, D)
     * @param queries q (B*T, H*K), rotated, and what its norm needs
     * @param keys k (B*T, G*K), rotated, and the same
     * @param v (B*T, G*K)
     * @param out (B*T, H*K)
     * @param logSumExp (B*T, H)
     */
    record Cache(
            Tensor x,
            HeadNorm.Cache queries,
            HeadNorm.Cache keys,
            Tensor v,
            Tensor out,
            Tensor logSumExp,
            Sequences sequences)
            implements Attention.Cache {
        Tensor q() {
            return queries.y();
        }

        Tensor k() {
            return keys.y();
        }
    }

    static GroupedQueryAttention of(AttentionConfig.Gqa config, String prefix, Parameters parameters, RopeTable rope) {
        return new GroupedQueryAttention(
                config,
                parameters.linear(
                        prefix + ParameterNames.Q_PROJ, config.biases().ofInputs()),
                parameters.linear(
                        prefix + ParameterNames.K_PROJ, config.biases().ofInputs()),
                parameters.linear(
                        prefix + ParameterNames.V_PROJ, config.biases().ofInputs()),
                HeadNorm.of(config.norm(), config.numHeads(), prefix + ParameterNames.Q_NORM, parameters),
                HeadNorm.of(config.norm(), config.numKvHeads(), prefix + ParameterNames.K_NORM, parameters),
                parameters.linear(
                        prefix + ParameterNames.O_PROJ, config.biases().ofOutput()),
                rope,
                parameters.kernels());
    }

    @Override
    public boolean trainable() {
        return queries.trainable()
                || keys.trainable()
                || values.trainable()
                || queryNorm.trainable()
                || keyNorm.trainable()
                || output.trainable();
    }

    @Override
    public Cache forward(Tensor x, Sequences sequences, Tensor y, Arena arena) {
        HeadNorm.Cache normedQueries = queryNorm.forward(queries.forward(x, arena), arena);
        HeadNorm.Cache normedKeys = keyNorm.forward(keys.forward(x, arena), arena);
        Tensor q = normedQueries.y(); // (B*T, H*K)
        Tensor k = normedKeys.y(); // (B*T, G*K)
        Tensor v = values.forward(x, arena); // (B*T, G*K)
        Indices positions = sequences.positions();
        rope.rotate(queryHeads(q), positions, kernels);
        rope.rotate(keyHeads(k), positions, kernels);
        Tensor out = arena.matrix(x.rows(), q.cols()); // (B*T, H*K)
        Tensor logSumExp = arena.matrix(x.rows(), config.numHeads()); // (B*T, H)
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
        return new Cache(x, normedQueries, normedKeys, v, out, logSumExp, sequences);
    }

    @Override
    public void store(Attention.Cache saved, Tensor tokens, Arena arena) {
        Cache cache = (Cache) saved;
        int width = cache.k().cols(); // G*K
        kernels.elementwise().copy(cache.k(), tokens.cols(0, width)); // (T, G*K)
        kernels.elementwise().copy(cache.v, tokens.cols(width, 2 * width)); // (T, G*K)
    }

    @Override
    public void decode(Tensor x, DecodeStep step, Tensor y, Arena arena) {
        Tensor q = queryNorm.forward(queries.forward(x, arena), arena).y(); // (n, H*K)
        Tensor k = keyNorm.forward(keys.forward(x, arena), arena).y(); // (n, G*K)
        Tensor v = values.forward(x, arena); // (n, G*K)
        step.rotate(queryHeads(q), rope);
        step.rotate(keyHeads(k), rope);
        step.store(k, 0);
        step.store(v, k.cols());
        Tensor out = arena.matrix(x.rows(), q.cols()); // (n, H*K)
        int headDim = config.headDim();
        DecodeStep.Columns columns = new DecodeStep.Columns(config.numKvHeads(), headDim, k.cols(), headDim, 0);
        step.attend(q, columns, config.softmaxScale(), out, arena); // (n, H*K)
        output.forwardAdding(out, y); // (n, D)
    }

    @Override
    public void backward(Tensor dY, Attention.Cache saved, Tensor dX, Arena arena) {
        Cache cache = (Cache) saved;
        Indices positions = cache.sequences.positions();
        long mark = arena.mark();
        Tensor dQ = arena.matrix(dY.rows(), cache.q().cols()); // (B*T, H*K)
        Tensor dK = arena.matrix(dY.rows(), cache.k().cols()); // (B*T, G*K)
        Tensor dV = arena.matrix(dY.rows(), cache.v.cols()); // (B*T, G*K)
        long markOfOut = arena.mark();
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
        arena.release(markOfOut);
        // forward was: q, k rotated in place
        rope.rotateBack(keyHeads(dK), positions, kernels);
        rope.rotateBack(queryHeads(dQ), positions, kernels);
        // forward was: q = queryNorm(queries(x)), k = keyNorm(keys(x)), v = values(x)
        values.backward(dV, cache.x, dX); // (B*T, D)
        keys.backwardAdding(keyNorm.backward(dK, cache.keys, arena), cache.x, dX); // (B*T, D)
        queries.backwardAdding(queryNorm.backward(dQ, cache.queries, arena), cache.x, dX); // (B*T, D)
        arena.release(mark);
    }

    private HeadView queryHeads(Tensor x) {
        return HeadView.of(x, config.numHeads());
    }

    private HeadView keyHeads(Tensor x) {
        return HeadView.of(x, config.numKvHeads());
    }
}
