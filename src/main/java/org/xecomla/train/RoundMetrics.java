package org.xecomla.train;

import org.xecomla.averaging.Measures;

/**
 * What all replicas together saw since they last averaged. With one replica a round is its local steps.
 *
 * @param step steps of the run done
 * @param samples global samples taken, the run's data cursor
 * @param tokens of all replicas since the run began
 * @param measures of the round, over all replicas
 * @param gradientNorm mean over steps and replicas, before clipping
 * @param learningRate of the last step
 */
public record RoundMetrics(
        long step, long samples, long tokens, Measures measures, double gradientNorm, double learningRate) {
    public double loss() {
        return measures.loss();
    }
}
