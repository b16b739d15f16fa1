package org.xecomla.nn;

import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * What latent attention has for the base's norms of queries and keys ({@link AttentionConfig.KeyScales}): 1 / rms of
 * both, by which scores are multiplied. Legend: N rows, D model, H query heads of E + P columns, E of them the base's
 * query; G key heads of the base; Sq and Sk numbers of a row.
 *
 * @param keys the base's (G*E, D), for their length alone
 */
record ScoreScales(AttentionConfig.Mla config, Linear keys, Kernels kernels) {
    /**
     * @param rawQ (N, H*(E+P)) as it was projected
     * @param q (N, H*(E+P)), scaled; rotated later
     * @param ofQueries (N, Sq)
     * @param rawKeys (N, G*E)
     * @param ofKeys (N, Sk)
     */
    record Cache(Tensor rawQ, Tensor q, Tensor ofQueries, Tensor rawKeys, Tensor ofKeys) {}

    /** Null where the layer has none. */
    static ScoreScales of(AttentionConfig.Mla config, String prefix, Parameters parameters) {
        return config.keyScales() == null
                ? null
                : new ScoreScales(
                        config,
                        parameters.linear(
                                prefix + ParameterNames.K_PROJ, config.biases().ofInputs()),
                        parameters.kernels());
    }

    boolean trainable() {
        return keys.trainable();
    }

    /** @param x (N, D) */
    Cache forward(Tensor x, Tensor rawQ, Arena arena) {
        Tensor q = arena.matrix(rawQ.rows(), rawQ.cols()); // (N, H*(E+P))
        kernels.elementwise().copy(rawQ, q);
        Tensor ofQueries = scaleQueries(q, arena); // (N, Sq)
        Tensor rawKeys = keys.forward(x, arena); // (N, G*E)
        return new Cache(rawQ, q, ofQueries, rawKeys, ofKeys(rawKeys, arena));
    }

    /** Multiplies queries by their numbers, in place, and returns these, (N, Sq). */
    Tensor scaleQueries(Tensor q, Arena arena) {
        int number = config.keyScales().norm().scope().numGroups(config.numHeads());
        Tensor ofQueries = arena.matrix(q.rows(), number); // (N, Sq)
        kernels.headScale().inverseRms(ofBase(q), config.keyScales().norm().epsilon(), ofQueries);
        kernels.headScale().scale(HeadView.of(q, config.numHeads()), ofQueries);
        return ofQueries;
    }

    /** The numbers of the keys, (N, Sk). */
    Tensor ofKeys(Tensor rawKeys, Arena arena) {
        Tensor ofKeys = arena.matrix(rawKeys.rows(), config.numKeyScales()); // (N, Sk)
        kernels.headScale()
                .inverseRms(keyHeads(rawKeys), config.keyScales().norm().epsilon(), ofKeys);
        return ofKeys;
    }

    /**
     * From the gradient of scaled queries, rotated as they are, to that of these before they were scaled, but for what
     * goes through their rms: {@link #backwardOfQueries} adds that. Returns the gradient of the numbers, (N, Sq).
     *
     * @param dQ (N, H*(E+P)), in place
     * @param q (N, H*(E+P)), scaled and rotated
     */
    Tensor unscaleQueries(Tensor dQ, Tensor q, Cache cache, Arena arena) {
        Tensor dScales = arena.matrix(dQ.rows(), cache.ofQueries.cols()); // (N, Sq)
        HeadView heads = HeadView.of(dQ, config.numHeads());
        // forward was: q = rotated(ofQueries * rawQ)
        kernels.headScale().scaleBackward(heads, HeadView.of(q, config.numHeads()), cache.ofQueries, dScales);
        return dScales;
    }

    /** @param dQ (N, H*(E+P)) of queries that are not rotated, adds */
    void backwardOfQueries(Tensor dScales, Cache cache, Tensor dQ) {
        // forward was: ofQueries = 1 / rms(the base's part of rawQ)
        kernels.headScale().inverseRmsBackward(dScales, ofBase(cache.rawQ), cache.ofQueries, ofBase(dQ));
    }

    /**
     * Of keys that were multiplied by their numbers.
     *
     * @param dK (N, H*(E+P)), in place
     * @param k (N, H*(E+P)), scaled
     * @param x (N, D), the layer's input
     * @param dX (N, D), adds
     */
    void backwardOfKeys(Tensor dK, Tensor k, Cache cache, Tensor x, Tensor dX, Arena arena) {
        long mark = arena.mark();
        Tensor dScales = arena.matrix(dK.rows(), cache.ofKeys.cols()); // (N, Sk)
        HeadView heads = HeadView.of(dK, config.numHeads());
        // forward was: k *= ofKeys
        kernels.headScale().scaleBackward(heads, HeadView.of(k, config.numHeads()), cache.ofKeys, dScales);
        Tensor dKeys = arena.matrix(dK.rows(), keys.numOutputs()); // (N, G*E)
        kernels.elementwise().fill(dKeys, 0);
        // forward was: ofKeys = 1 / rms(keys(x))
        kernels.headScale().inverseRmsBackward(dScales, keyHeads(cache.rawKeys), cache.ofKeys, keyHeads(dKeys));
        keys.backwardAdding(dKeys, x, dX); // (N, D)
        arena.release(mark);
    }

    private HeadView ofBase(Tensor q) {
        return HeadView.of(q, config.numHeads()).part(0, config.qkNopeHeadDim());
    }

    private HeadView keyHeads(Tensor k) {
        return HeadView.of(k, config.keyScales().numKeyHeads());
    }
}
