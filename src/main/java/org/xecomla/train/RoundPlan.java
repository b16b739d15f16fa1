package org.xecomla.train;

import org.xecomla.config.AveragingConfig;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.optim.OuterUpdate;

/**
 * How replicas come together.
 *
 * @param localSteps H, steps of a round
 * @param averaged what is averaged: the weights after every round, or the gradients of every step
 * @param deltas whether changes since the round's start travel and not the weights: those keep their precision in fewer
 *     bits
 * @param outerLearningRate of the {@link OuterUpdate}
 * @param outerMomentum of the {@link OuterUpdate}
 */
public record RoundPlan(
        int localSteps, AveragingConfig.What averaged, boolean deltas, double outerLearningRate, double outerMomentum) {
    public RoundPlan {
        if (localSteps < 1) {
            throw new IllegalArgumentException("a round of " + localSteps + " local steps");
        }
    }

    /** Weights, averaged plainly after every {@code localSteps} steps. */
    public static RoundPlan plain(int localSteps) {
        return new RoundPlan(localSteps, AveragingConfig.What.WEIGHTS, false, 1, 0);
    }

    public static RoundPlan of(ReplicasConfig replicas) {
        AveragingConfig averaging = replicas.averaging();
        if (averaging.what() == AveragingConfig.What.GRADIENTS) {
            return new RoundPlan(replicas.localSteps(), averaging.what(), false, 1, 0);
        }
        return new RoundPlan(
                replicas.localSteps(),
                averaging.what(),
                averaging.precision() == AveragingConfig.Precision.BF16,
                replicas.outerLearningRate(),
                replicas.outerMomentum());
    }

    boolean averagesGradients() {
        return averaged == AveragingConfig.What.GRADIENTS;
    }

    /** Whether the weights that a round starts from must be remembered. */
    public boolean remembersStart() {
        return !averagesGradients() && (deltas || !plainOuterUpdate());
    }

    /** Whether the outer update leaves the replicas' average as it is, and so remembers nothing. */
    public boolean plainOuterUpdate() {
        return OuterUpdate.plainAveraging(outerLearningRate, outerMomentum);
    }
}
