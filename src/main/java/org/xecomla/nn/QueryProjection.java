package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * The queries of latent attention: one full matrix, or down to a latent, optionally normalised, and up. Legend: B
 * batch, T time, D model, H heads, N nope, P rope, Rq rank of the query latent.
 *
 * @param down (Rq, D); null: full
 * @param norm null: none
 * @param up (H*(N+P), Rq), or (H*(N+P), D) where full
 */
record QueryProjection(Linear down, RmsNorm norm, Linear up) {
    /**
     * @param x (B*T, D)
     * @param input (B*T, Rq), of {@code up}; x itself where full
     * @param normCache null: no norm
     * @param q (B*T, H*(N+P)), the output
     */
    record Cache(Tensor x, Tensor input, RmsNorm.Cache normCache, Tensor q) {}

    static QueryProjection of(AttentionConfig.Mla config, String prefix, Parameters parameters) {
        if (config.qLoraRank() == 0) {
            return new QueryProjection(
                    null,
                    null,
                    parameters.linear(
                            prefix + ParameterNames.Q_PROJ, config.biases().ofInputs()));
        }
        return new QueryProjection(
                parameters.linear(
                        prefix + ParameterNames.Q_A_PROJ, config.biases().ofInputs()),
                config.qNorm() ? parameters.norm(prefix + ParameterNames.Q_A_NORM, ModelConfig.LATENT_NORM_EPS) : null,
                parameters.linear(prefix + ParameterNames.Q_B_PROJ));
    }

    boolean trainable() {
        return up.trainable() || (down != null && down.trainable()) || (norm != null && norm.trainable());
    }

    Cache forward(Tensor x, Arena arena) {
        Tensor latent = down == null ? x : down.forward(x, arena); // (B*T, Rq)
        RmsNorm.Cache normCache = norm == null ? null : norm.forward(latent, arena);
        Tensor input = norm == null ? latent : normCache.y(); // (B*T, Rq)
        return new Cache(x, input, normCache, up.forward(input, arena)); // (B*T, H*(N+P))
    }

    /** @param dX (B*T, D), adds */
    void backwardAdding(Tensor dQ, Cache cache, Tensor dX, Arena arena) {
        if (down == null) {
            // forward was: q = up(x)
            up.backwardAdding(dQ, cache.x, dX); // (B*T, D)
            return;
        }
        long mark = arena.mark();
        Tensor dInput = arena.matrix(dQ.rows(), cache.input.cols()); // (B*T, Rq)
        // forward was: q = up(input)
        up.backward(dQ, cache.input, dInput); // (B*T, Rq)
        Tensor dLatent = dInput; // (B*T, Rq)
        if (norm != null) {
            dLatent = arena.matrix(dQ.rows(), cache.input.cols()); // (B*T, Rq)
            up.kernels().elementwise().fill(dLatent, 0);
            // forward was: input = norm(latent)
            norm.backward(dInput, cache.normCache, dLatent); // (B*T, Rq)
        }
        // forward was: latent = down(x)
        down.backwardAdding(dLatent, cache.x, dX); // (B*T, D)
        arena.release(mark);
    }
}
