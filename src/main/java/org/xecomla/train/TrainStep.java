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
        return run(step, samples, Together.ALONE);
    }

    /** What replicas do together within a step. */
    interface Together {
        /** A replica that trains for itself within a round. */
        Together ALONE = new Together() {};

        /** Called when the gradients are there and not yet clipped, and may change them. */
        default void averageGradients() {
            // its own are what it takes
        }

        /** The norm by which all clip: sums of many numbers have as many roundings as there are kinds of machines. */
        default double sameNorm(double mine) {
            return mine;
        }
    }

    /**
     * Takes one step.
     *
     * <p>With averaged gradients every replica applies the same update to the same weights by itself: element by
     * element, in fused multiply-adds and roundings that are the same in vectors of any width, and by the same norm.
     */
    Outcome run(long step, List<S> samples, Together replicas) {
        for (Tensor segment : replica.gradients().segments()) {
            replica.kernels().elementwise().fill(segment, 0); // (1, length)
        }
        Measures measures = objective.addGradients(replica, samples, step);
        replicas.averageGradients();
        double norm = replicas.sameNorm(GradientClip.globalNorm(replica.gradients(), replica.kernels()));
        double rate = schedule.at(step);
        optimizer.step(replica.weights(), replica.gradients(), rate, clip.factor(norm), replica.kernels());
        return new Outcome(measures, norm, rate);
    }
}
