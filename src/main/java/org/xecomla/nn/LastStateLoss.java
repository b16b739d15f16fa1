package org.xecomla.nn;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * A loss told by the hidden states of a model, and its gradient. Legend: B batch, T time, D model.
 *
 * @param <R> what is known of it afterwards
 */
@FunctionalInterface
public interface LastStateLoss<R> {
    /**
     * @param model that made the states; its {@link CausalLm#lossOfHidden} and {@link CausalLm#gradientsOfHidden} may
     *     be asked of some rows, as often as need be
     * @param hidden (B*T, D), after the final norm
     * @param dHidden (B*T, D), comes as zeros, leaves as the gradient
     */
    R apply(CausalLm model, Tensor hidden, Tensor dHidden, Arena arena);
}
