package org.xecomla.optim;

import java.util.List;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;

/** An update rule over the trainable segments of a model's stores, with the state that it carries from step to step. */
public interface Optimizer extends AutoCloseable {
    /**
     * One step, in place.
     *
     * @param gradients left as they are; the rule sees them times {@code gradientScale}
     * @param gradientScale clipping and averaging in one factor
     */
    void step(
            ParameterStore weights,
            ParameterStore gradients,
            double learningRate,
            double gradientScale,
            Kernels kernels);

    /** Steps taken so far. */
    long numSteps();

    /** For a run that goes on: the stores of {@link #state} have been filled, and this many steps were taken. */
    void resumeAt(long numSteps);

    /** Moments and the like, to be saved and loaded in this order; empty where the rule has no memory. */
    List<ParameterStore> state();

    /** Frees the state. */
    @Override
    void close();
}
