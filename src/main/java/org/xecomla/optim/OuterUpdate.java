package org.xecomla.optim;

import java.util.List;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * What replicas do with the average of their weights: it is a pseudo-gradient for Nesterov momentum (DiLoCo, Douillard
 * et al. 2023, who use learning rate 0.7 and momentum 0.9).
 *
 * <p>With start the weights before the local steps and average those after: g = start - average, v = momentum * v + g,
 * new = start - learningRate * (g + momentum * v), as {@code torch.optim.SGD(nesterov=True)}. Learning rate 1 and
 * momentum 0 are plain averaging, and then the average is left as it is, bit for bit.
 */
public final class OuterUpdate implements AutoCloseable {
    private final double learningRate;
    private final double momentum;
    private final ParameterStore velocity; // null: plain averaging

    /** Velocity of zero for the trainable parameters of {@code layout}. */
    public OuterUpdate(double learningRate, double momentum, ParameterLayout layout, Kernels kernels) {
        if (!(learningRate > 0 && momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException(
                    "no outer update of learning rate " + learningRate + " and momentum " + momentum);
        }
        this.learningRate = learningRate;
        this.momentum = momentum;
        this.velocity = plainAveraging(learningRate, momentum)
                ? null
                : ParameterStore.zerosOfTrainable(layout, kernels.memory(), kernels.type());
    }

    /** Whether such an update leaves the average as it is. */
    public static boolean plainAveraging(double learningRate, double momentum) {
        return learningRate == 1 && momentum == 0;
    }

    public boolean plainAveraging() {
        return velocity == null;
    }

    /**
     * One outer step, in place.
     *
     * @param start (segments) the weights before the local steps; left as they are. Not read by plain averaging, and
     *     may then be null
     * @param weights comes as the average over replicas, leaves as the new weights; its trainable segments only
     */
    public void apply(ParameterStore start, ParameterStore weights, Kernels kernels) {
        if (plainAveraging()) {
            return;
        }
        for (int s = 0; s < velocity.segments().size(); s++) {
            Tensor before = start.segments().get(s); // (1, length)
            Tensor average = weights.segments().get(s); // (1, length)
            Tensor v = velocity.segments().get(s); // (1, length)
            kernels.elementwise().scale(momentum, v); // (1, length)
            kernels.elementwise().axpy(1, before, v); // (1, length)
            kernels.elementwise().axpy(-1, average, v); // (1, length)
            // start - lr (start - average + momentum v) = lr average + (1 - lr) start - lr momentum v
            kernels.elementwise().scale(learningRate, average); // (1, length)
            kernels.elementwise().axpy(1 - learningRate, before, average); // (1, length)
            kernels.elementwise().axpy(-learningRate * momentum, v, average); // (1, length)
        }
    }

    /** The velocity, to be saved and loaded; empty for plain averaging. */
    public List<ParameterStore> state() {
        return plainAveraging() ? List.of() : List.of(velocity);
    }

    @Override
    public void close() {
        state().forEach(ParameterStore::close);
    }
}
