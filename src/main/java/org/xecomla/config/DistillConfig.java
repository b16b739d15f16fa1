package org.xecomla.config;

import java.util.OptionalLong;

/**
 * Section {@code distill}.
 *
 * @param tokens to train on; empty: the corpus once
 * @param localSteps optimiser steps between two averages
 * @param alpha weight of the cross-entropy beside the distillation loss
 * @param freeze which weights stay: none or non-attention
 * @param checkpointEvery optimiser steps between two checkpoints
 * @param outerLearningRate of the outer update; 1 with momentum 0 is plain averaging
 * @param outerMomentum Nesterov momentum of the outer update
 */
public record DistillConfig(
        OptionalLong tokens,
        OptimizerConfig optimizer,
        int replicas,
        int localSteps,
        Averaging averaging,
        double alpha,
        String freeze,
        int checkpointEvery,
        double outerLearningRate,
        double outerMomentum) {
    /** How replicas exchange parameters: sockets between executors, or through the driver. */
    public enum Averaging {
        RING,
        DRIVER
    }

    private enum Freeze {
        NONE,
        NON_ATTENTION
    }

    static DistillConfig of(StrictConfig config) {
        OptimizerConfig optimizer = OptimizerConfig.of(config, "distill.");
        int replicas = config.integer("distill.replicas", Range.atLeast(1));
        if (optimizer.batchSequences() % replicas != 0) {
            throw config.error("distill.batch-sequences", "is not a multiple of distill.replicas = " + replicas);
        }
        config.choice("distill.freeze", Freeze.class);
        return new DistillConfig(
                config.optionalLong("distill.tokens", Range.atLeast(1)),
                optimizer,
                replicas,
                config.integer("distill.local-steps", Range.atLeast(1)),
                config.choice("distill.averaging", Averaging.class),
                config.number("distill.alpha", Range.atLeast(0).atMost(1)),
                config.text("distill.freeze"),
                config.integer("distill.checkpoint-every", Range.atLeast(1)),
                config.number("distill.outer.learning-rate", Range.above(0)),
                config.number("distill.outer.momentum", Range.atLeast(0).below(1)));
    }
}
