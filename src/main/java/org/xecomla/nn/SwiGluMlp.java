package org.xecomla.nn;

import org.xecomla.config.model.ParameterNames;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * y += down(silu(gate(x)) * up(x)) (Shazeer 2020), each with a bias or none. Legend: N rows, commonly B * T; D model; F
 * ffn.
 */
record SwiGluMlp(Linear gate, Linear up, Linear down, Kernels kernels) {
    /**
     * @param x (N, D)
     * @param gated (N, F), before silu
     * @param upped (N, F)
     * @param inner (N, F), the input of {@code down}
     */
    record Cache(Tensor x, Tensor gated, Tensor upped, Tensor inner) {}

    static SwiGluMlp of(String prefix, boolean biased, Parameters parameters) {
        return new SwiGluMlp(
                parameters.linear(prefix + ParameterNames.GATE_PROJ, biased),
                parameters.linear(prefix + ParameterNames.UP_PROJ, biased),
                parameters.linear(prefix + ParameterNames.DOWN_PROJ, biased),
                parameters.kernels());
    }

    boolean trainable() {
        return gate.trainable() || up.trainable() || down.trainable();
    }

    /** The forward's first half, all that the backward needs. */
    Cache inner(Tensor x, Arena arena) {
        Tensor gated = gate.forward(x, arena); // (N, F)
        Tensor upped = up.forward(x, arena); // (N, F)
        Tensor inner = arena.matrix(x.rows(), gated.cols()); // (N, F)
        kernels.swiGlu().forward(gated, upped, inner); // (N, F)
        return new Cache(x, gated, upped, inner);
    }

    /**
     * The forward's second half.
     *
     * @param y (N, D), adds: the residual stream
     */
    void output(Cache cache, Tensor y) {
        down.forwardAdding(cache.inner, y); // (N, D)
    }

    /** @param dX (N, D), overwritten */
    void backward(Tensor dY, Cache cache, Tensor dX, Arena arena) {
        long mark = arena.mark();
        Tensor dGated = arena.matrix(dY.rows(), cache.gated.cols()); // (N, F)
        Tensor dUpped = arena.matrix(dY.rows(), cache.upped.cols()); // (N, F)
        Tensor dInner = arena.matrix(dY.rows(), cache.inner.cols()); // (N, F)
        // forward was: y += down(inner)
        down.backward(dY, cache.inner, dInner); // (N, F)
        // forward was: inner = silu(gated) * upped
        kernels.swiGlu().backward(dInner, cache.gated, cache.upped, dGated, dUpped); // (N, F)
        // forward was: gated = gate(x), upped = up(x)
        up.backward(dUpped, cache.x, dX); // (N, D)
        gate.backwardAdding(dGated, cache.x, dX); // (N, D)
        arena.release(mark);
    }
}
