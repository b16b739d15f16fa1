package org.xecomla.formats.checkpoint;

import org.xecomla.tensor.Tensor;

/** Hands out a model's parameters while it is written. */
@FunctionalInterface
public interface WeightSource {
    /**
     * A parameter, (rows, cols) in the engine's row order. It is asked for chunk by chunk, all chunks of one before the
     * next, so that only the last one need be held.
     */
    Tensor get(String name);
}
