package org.xecomla.nn;

import java.util.List;
import org.xecomla.tensor.Tensor;

/**
 * What every layer of a model says of a batch: tensors on an arena.
 *
 * @param attention of each layer (B*T, D): what the attention adds to the stream
 * @param block of each layer (B*T, D): the block's output
 */
public record LayerStates(List<Tensor> attention, List<Tensor> block) {}
