package org.xecomla.optim;

import java.util.List;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * Plain gradient descent: w -= learningRate * gradient. Linear in the gradient, so that replicas which average every
 * step equal one large batch; the run-level tests rest on it.
 */
public final class Sgd implements Optimizer {
    private long numSteps;

    @Override
    public void step(
            ParameterStore weights,
            ParameterStore gradients,
            double learningRate,
            double gradientScale,
            Kernels kernels) {
        numSteps++;
        List<Tensor> segments = weights.trainableSegments();
        for (int s = 0; s < segments.size(); s++) {
            Tensor gradient = gradients.segments().get(s); // (1, length)
            kernels.elementwise().axpy(-learningRate * gradientScale, gradient, segments.get(s)); // (1, length)
        }
    }

    @Override
    public long numSteps() {
        return numSteps;
    }

    @Override
    public void resumeAt(long steps) {
        this.numSteps = steps;
    }

    @Override
    public List<ParameterStore> state() {
        return List.of();
    }

    @Override
    public void close() {}
}
