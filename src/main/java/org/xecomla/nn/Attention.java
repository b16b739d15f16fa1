package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/** The attention of one layer, causal within each document. Legend: B batch, T time, D model. */
sealed interface Attention permits GroupedQueryAttention, LowRankAttention, LatentAttention {
    /** What the backward needs of one forward: tensors on the arena's stack. */
    sealed interface Cache permits GroupedQueryAttention.Cache, LowRankAttention.Cache, LatentAttention.Cache {}

    /**
     * @param x (B*T, D)
     * @param y (B*T, D), adds: the residual stream
     */
    Cache forward(Tensor x, Sequences sequences, Tensor y, Arena arena);

    /**
     * Adds into the gradients of the parameters; the arena is as before.
     *
     * @param dY (B*T, D)
     * @param dX (B*T, D), overwritten
     */
    void backward(Tensor dY, Cache cache, Tensor dX, ProjectionObserver observer, Arena arena);

    /**
     * Keeps what decoding needs of a forward over one whole sequence.
     *
     * @param tokens (T, E), overwritten: rows of a {@link KvCache}
     */
    void store(Cache cache, Tensor tokens, Arena arena);

    /**
     * One new token each of n sequences: caches it and attends over all that is cached of its sequence.
     *
     * @param x (n, D)
     * @param y (n, D), adds: the residual stream
     */
    void decode(Tensor x, DecodeStep step, Tensor y, Arena arena);

    /** Whether any of its parameters is trained. */
    boolean trainable();

    /** @param prefix of the parameter names, with its trailing dot */
    static Attention of(AttentionConfig config, String prefix, Parameters parameters, RopeTable rope) {
        if (config instanceof AttentionConfig.Mla mla) {
            return LatentAttention.of(mla, prefix, parameters, rope);
        }
        if (config instanceof AttentionConfig.LowRankGqa lowRank) {
            return LowRankAttention.of(lowRank, prefix, parameters, rope);
        }
        return GroupedQueryAttention.of((AttentionConfig.Gqa) config, prefix, parameters, rope);
    }
}
