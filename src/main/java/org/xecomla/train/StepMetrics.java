package org.xecomla.train;

import org.xecomla.averaging.Measures;

/**
 * What one optimizer step of one replica saw.
 *
 * @param step steps of the run done with this one: 1 after the first
 * @param sequences this replica's sample numbers
 * @param measures before the update
 * @param gradientNorm before clipping
 * @param numTokens of this replica in this step
 */
public record StepMetrics(
        long step, long[] sequences, Measures measures, double gradientNorm, double learningRate, long numTokens) {
    public double loss() {
        return measures.loss();
    }
}
