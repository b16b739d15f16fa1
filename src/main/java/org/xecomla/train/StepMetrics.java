package org.xecomla.train;

/**
 * What one optimizer step of one replica saw.
 *
 * @param step steps of the run done with this one: 1 after the first
 * @param sequences this replica's sequence numbers
 * @param loss (1 - alpha) T^2 KL + alpha CE before the update
 * @param kl nats per position with a target
 * @param ce nats per position with a label
 * @param gradientNorm before clipping
 * @param tokens of this replica in this step
 */
public record StepMetrics(
        long step,
        long[] sequences,
        double loss,
        double kl,
        double ce,
        double gradientNorm,
        double learningRate,
        long tokens) {}
