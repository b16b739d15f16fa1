package org.xecomla.config;

import java.io.Serializable;
import java.time.Duration;

/**
 * How replicas come to the same weights.
 *
 * @param precision of what travels
 * @param replicaTimeout the longest wait of one replica for another: more than a round of the slowest
 * @param executorTimeout how long missing executors are waited for before fewer replicas go on
 */
public record AveragingConfig(
        Transport transport, What what, Precision precision, Duration replicaTimeout, Duration executorTimeout)
        implements Serializable {
    /** How parameters travel: over sockets between executors, or through Spark's block storage. */
    public enum Transport {
        RING,
        DRIVER
    }

    /** What is averaged: the weights after every round of local steps, or the gradients of every step. */
    public enum What {
        WEIGHTS,
        GRADIENTS
    }

    /** The numbers that travel: float32, or the changes since the last average in bfloat16. */
    public enum Precision {
        FP32,
        BF16
    }

    /** Weights over {@code newTransport}, with the same time-outs. */
    public AveragingConfig over(Transport newTransport, Precision newPrecision) {
        return new AveragingConfig(newTransport, What.WEIGHTS, newPrecision, replicaTimeout, executorTimeout);
    }

    /** The same, each replica waiting for others at most so long. */
    public AveragingConfig waiting(Duration newReplicaTimeout) {
        return new AveragingConfig(transport, what, precision, newReplicaTimeout, executorTimeout);
    }

    /**
     * @param section with its trailing dot
     * @param auto what is averaged where that is left open
     */
    static AveragingConfig of(StrictConfig config, String section, What auto) {
        return new AveragingConfig(
                config.choice(section + "averaging", Transport.class),
                config.optionalChoice(section + "averaged", What.class).orElse(auto),
                config.choice(section + "averaging-precision", Precision.class),
                Duration.ofSeconds(config.integer(section + "replica-timeout", Range.atLeast(1))),
                Duration.ofSeconds(config.integer(section + "executor-timeout", Range.atLeast(0))));
    }
}
