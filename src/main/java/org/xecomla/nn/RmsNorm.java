package org.xecomla.nn;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * y = x / sqrt(mean(x^2) + epsilon) * gain, row by row (Zhang and Sennrich 2019; as in Hugging Face's Llama). Legend: N
 * rows, D features.
 *
 * @param gain (1, D)
 * @param dGain (1, D), or null: frozen
 */
record RmsNorm(Tensor gain, Tensor dGain, double epsilon, Kernels kernels) {
    /**
     * @param x (N, D), the input
     * @param inverseRms (N, 1)
     * @param y (N, D), the output
     */
    record Cache(Tensor x, Tensor inverseRms, Tensor y) {}

    boolean trainable() {
        return dGain != null;
    }

    Cache forward(Tensor x, Arena arena) {
        return forward(x, arena.matrix(x.rows(), x.cols()), arena);
    }

    Cache forward(Tensor x, Tensor y, Arena arena) {
        Tensor inverseRms = arena.matrix(x.rows(), 1); // (N, 1)
        kernels.norm().forward(x, gain, epsilon, y, inverseRms); // (N, D)
        return new Cache(x, inverseRms, y);
    }

    /** Adds into dGain and into dX: a norm always stands before a branch, whose gradient joins the residual's. */
    void backward(Tensor dY, Cache cache, Tensor dX) {
        // forward was: y = x * inverseRms * gain
        kernels.norm().backward(dY, cache.x(), gain, cache.inverseRms(), dX, dGain); // (N, D), (1, D)
    }
}
