package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Llama's attention with G key/value heads for H query heads (Ainslie et al. 2023); multi-head where G = H. Legend: B
 * batch, T time, D model, H query heads, G key/value heads, K head dimension.
 */
record GroupedQueryAttention(Linear queries, Linear keys, Linear values, GroupedHeads heads) implements Attention {
    /** @param x (B*T, D) */
    record Cache(Tensor x, GroupedHeads.Cache heads) implements Attention.Cache {}

    static GroupedQueryAttention of(AttentionConfig.Gqa config, String prefix, Parameters parameters, RopeTable rope) {
        boolean biased = config.biases().ofInputs();
        return new GroupedQueryAttention(
                parameters.linear(prefix + ParameterNames.Q_PROJ, biased),
                parameters.linear(prefix + ParameterNames.K_PROJ, biased),
                parameters.linear(prefix + ParameterNames.V_PROJ, biased),
                GroupedHeads.of(config, prefix, parameters, rope));
    }

    @Override
    public boolean trainable() {
        return queries.trainable() || keys.trainable() || values.trainable() || heads.trainable();
    }

    @Override
    public Cache forward(Tensor x, Sequences sequences, Tensor y, Arena arena) {
        Tensor q = queries.forward(x, arena); // (B*T, H*K)
        Tensor k = keys.forward(x, arena); // (B*T, G*K)
        Tensor v = values.forward(x, arena); // (B*T, G*K)
        return new Cache(x, heads.forward(q, k, v, sequences, y, arena)); // y: (B*T, D)
    }

    @Override
    public void store(Attention.Cache saved, Tensor tokens, Arena arena) {
        GroupedHeads.Cache cache = ((Cache) saved).heads;
        int width = cache.k().cols(); // G*K
        heads.kernels().elementwise().copy(cache.k(), tokens.cols(0, width)); // (T, G*K)
        heads.kernels().elementwise().copy(cache.v(), tokens.cols(width, 2 * width)); // (T, G*K)
    }

    @Override
    public void decode(Tensor x, DecodeStep step, Tensor y, Arena arena) {
        Tensor q = heads.decodedQueries(queries.forward(x, arena), step, arena); // (n, H*K)
        Tensor k = heads.keysAt(keys.forward(x, arena), step.positions(), arena); // (n, G*K)
        Tensor v = values.forward(x, arena); // (n, G*K)
        step.store(k, 0);
        step.store(v, k.cols());
        Tensor out = arena.matrix(x.rows(), q.cols()); // (n, H*K)
        AttentionConfig.Gqa config = heads.config();
        int headDim = config.headDim();
        DecodeStep.Columns columns = new DecodeStep.Columns(config.numKvHeads(), headDim, k.cols(), headDim, 0);
        step.attend(q, columns, config.softmaxScale(), out, arena); // (n, H*K)
        heads.output().forwardAdding(out, y); // (n, D)
    }

    @Override
    public void backward(Tensor dY, Attention.Cache saved, Tensor dX, ProjectionObserver observer, Arena arena) {
        Cache cache = (Cache) saved;
        long mark = arena.mark();
        // forward was: y += heads(q, k, v)
        GroupedHeads.Gradients gradients = heads.backward(dY, cache.heads, arena);
        observer.keysAndValues(gradients.dK(), gradients.dV());
        // forward was: q = queries(x), k = keys(x), v = values(x)
        values.backward(gradients.dV(), cache.x, dX); // (B*T, D)
        keys.backwardAdding(gradients.dK(), cache.x, dX); // (B*T, D)
        queries.backwardAdding(gradients.dQ(), cache.x, dX); // (B*T, D)
        arena.release(mark);
    }
}
