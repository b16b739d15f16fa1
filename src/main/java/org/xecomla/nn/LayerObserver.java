package org.xecomla.nn;

import org.xecomla.tensor.Tensor;

/** Sees what the layers compute in a forward pass, for calibration. Legend: B batch, T time, D model. */
@FunctionalInterface
public interface LayerObserver {
    /**
     * Called once a layer, in order.
     *
     * @param input (B*T, D): the attention's input after its RMSNorm; valid during the call only
     */
    void attentionInput(int layer, Tensor input);
}
