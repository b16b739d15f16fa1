package org.xecomla.optim;

import java.util.List;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as {@code torch.optim.AdamW}. The decay is on every
 * trainable parameter, norms and embeddings too.
 */
public final class AdamW implements Optimizer {
    /** Coefficients that stay the same over a run. */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay) {
        public Settings {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0 && weightDecay >= 0)) {
                throw new IllegalArgumentException("no AdamW of betas " + beta1 + ", " + beta2 + ", epsilon " + epsilon
                        + ", weight decay " + weightDecay);
            }
        }
    }

    private final Settings settings;
    private final ParameterStore moments1;
    private final ParameterStore moments2;
    private long numSteps;

    /** Moments of zero for the trainable parameters of {@code layout}. */
    public AdamW(ParameterLayout layout, Kernels kernels, Settings settings) {
        this.settings = settings;
        this.moments1 = ParameterStore.zerosOfTrainable(layout, kernels.memory(), kernels.type());
        this.moments2 = ParameterStore.zerosOfTrainable(layout, kernels.memory(), kernels.type());
    }

    @Override
    public void step(
            ParameterStore weights,
            ParameterStore gradients,
            double learningRate,
            double gradientScale,
            Kernels kernels) {
        numSteps++;
        AdamWStep step = new AdamWStep(
                learningRate,
                settings.beta1,
                settings.beta2,
                settings.epsilon,
                settings.weightDecay,
                gradientScale,
                numSteps);
        List<Tensor> segments = weights.trainableSegments();
        for (int s = 0; s < segments.size(); s++) {
            kernels.adamW()
                    .step(
                            step,
                            segments.get(s), // (1, length)
                            gradients.segments().get(s), // (1, length)
                            moments1.segments().get(s), // (1, length)
                            moments2.segments().get(s)); // (1, length)
        }
    }

    public Settings settings() {
        return settings;
    }

    @Override
    public long numSteps() {
        return numSteps;
    }

    @Override
    public void resumeAt(long steps) {
        this.numSteps = steps;
    }

    /** First moments, then second. */
    @Override
    public List<ParameterStore> state() {
        return List.of(moments1, moments2);
    }

    @Override
    public void close() {
        moments1.close();
        moments2.close();
    }
}
