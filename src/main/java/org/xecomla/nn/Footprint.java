package org.xecomla.nn;

import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.tensor.ParameterLayout;

/**
 * Memory outside the heap that a model and its kernels take, in bytes, found by a dry run of the very calls over shapes
 * without memory: see {@link CausalLm#footprint}.
 *
 * @param layout of the parameters
 * @param type of all tensors
 * @param weights all parameters
 * @param gradients of the trainable parameters; 0: inference
 * @param tables cosines and sines of the positions
 * @param arena activations, gradients of activations and logits of a chunk, at their highest
 * @param scratch of the kernels' threads
 */
public record Footprint(
        ParameterLayout layout, DataType type, long weights, long gradients, long tables, long arena, long scratch) {
    /** Bytes of a store of the trainable parameters: moments, and what an outer update remembers. */
    public long ofTrainableStore() {
        return layout.numTrainableParameters() * type.width();
    }

    public long total() {
        return weights + gradients + tables + arena + scratch;
    }
}
