package org.xecomla.nn;

import org.xecomla.tensor.Tensor;

/**
 * Sees in a backward what a layer's keys and values are made of, for calibration; tensors are valid during the call
 * only. Legend: B batch, T time, G key heads, K head dimension, R rank of the KV latent.
 */
public interface ProjectionObserver {
    /** Sees nothing. */
    ProjectionObserver NONE = new ProjectionObserver() {
        @Override
        public void keysAndValues(Tensor dK, Tensor dV) {}

        @Override
        public void latent(Tensor latent, Tensor dLatent) {}
    };

    /**
     * Of a grouped-query layer.
     *
     * @param dK (B*T, G*K): the gradient of keys before their norm and rotation
     * @param dV (B*T, G*K)
     */
    void keysAndValues(Tensor dK, Tensor dV);

    /**
     * Of a latent layer.
     *
     * @param latent (B*T, R), as keys and values are made of it: normalised where there is a norm
     * @param dLatent (B*T, R)
     */
    void latent(Tensor latent, Tensor dLatent);
}
