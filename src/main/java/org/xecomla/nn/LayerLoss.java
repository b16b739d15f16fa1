package org.xecomla.nn;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * A loss of what the layers of a model say, besides that of its last hidden states: told in the backward, from the last
 * trained layer to the first. Legend: B batch, T time, D model.
 */
public interface LayerLoss {
    /**
     * @param attended (B*T, D): what the attention adds to the stream
     * @param dAttended (B*T, D): its gradient so far, to add to
     */
    void attention(int layer, Tensor attended, Tensor dAttended, Arena arena);

    /**
     * @param y (B*T, D): the block's output
     * @param dY (B*T, D): its gradient so far, to add to
     */
    void block(int layer, Tensor y, Tensor dY, Arena arena);

    /** Who sees what keys and values of the layer are made of. */
    default ProjectionObserver observer(int layer) {
        return ProjectionObserver.NONE;
    }
}
