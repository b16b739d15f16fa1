package org.xecomla.train;

/**
 * What all replicas together saw since they last averaged. With one replica a round is its local steps.
 *
 * @param step steps of the run done
 * @param samples global samples taken, the run's data cursor
 * @param tokens of all replicas since the run began
 * @param loss (1 - alpha) T^2 KL + alpha CE over the round's positions
 * @param kl nats per position with a target
 * @param ce nats per position with a label
 * @param gradientNorm mean over steps and replicas, before clipping
 * @param learningRate of the last step
 */
public record RoundMetrics(
        long step,
        long samples,
        long tokens,
        double loss,
        double kl,
        double ce,
        double gradientNorm,
        double learningRate) {}
