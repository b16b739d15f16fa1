package org.xecomla.train;

import org.xecomla.averaging.Measures;

/**
 * What all replicas together saw since they last averaged. With one replica a round is its local steps.
 *
 * @param progress of the run so far
 * @param measures of the round, over all replicas
 * @param gradientNorm mean over steps and replicas, before clipping
 * @param learningRate of the last step
 */
public record RoundMetrics(TrainingProgress progress, Measures measures, double gradientNorm, double learningRate) {
    /** Steps of the run done. */
    public long step() {
        return progress.step();
    }

    public double loss() {
        return measures.loss();
    }
}
