package org.xecomla.train;

import java.util.List;
import org.xecomla.averaging.Measures;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.Optimizer;
import org.xecomla.tensor.Tensor;

/**
 * One optimizer step of one replica: gradients of all its samples, clipped by their global norm, then the update.
 *
 * @param <S> a sample
 */
public final class TrainStep<S> {
    private final Replica replica;
    private final Optimizer optimizer;
    private final LearningRateSchedule schedule;
    private final GradientClip clip;
    private final Objective<S> objective;

    public TrainStep(
            Replica replica,
            Optimizer optimizer,
            LearningRateSchedule schedule,
            GradientClip clip,
            Objective<S> objective) {
        this.replica = replica;
        this.optimizer = optimizer;
        this.schedule = schedule;
        this.clip = clip;
        this.objective = objective;
    }

    public Replica replica() {
        return replica;
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    /** What a step came to: measured before the update, the gradients' norm before clipping, the rate. */
    public record Outcome(Measures measures, double gradientNorm, double learningRate) {}

    /**
     * Takes one step.
     *
     * @param step steps done before, which decide on the learning rate
     * @param samples at least one
     */
    public Outcome run(long step, List<S> samples) {
        return run(step, samples, () -> {});
    }

    /**
     * Takes one step.
     *
     * @param allReduce is called when the gradients are there and not yet clipped, and may change them
     */
    Outcome run(long step, List<S> samples, Runnable allReduce) {
        for (Tensor segment : replica.gradients().segments()) {
            replica.kernels().elementwise().fill(segment, 0); // (1, length)
        }
        Measures measures = objective.addGradients(replica, samples, step);
        allReduce.run();
        double norm = GradientClip.globalNorm(replica.gradients(), replica.kernels());
        double rate = schedule.at(step);
        optimizer.step(replica.weights(), replica.gradients(), rate, clip.factor(norm), replica.kernels());
        return new Outcome(measures, norm, rate);
    }
}
