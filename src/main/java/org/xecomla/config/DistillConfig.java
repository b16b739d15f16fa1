package org.xecomla.config;

import java.util.OptionalLong;

/**
 * Section {@code distill}.
 *
 * @param tokens to train on; empty: the corpus once
 * @param alpha weight of the cross-entropy beside the distillation loss
 * @param divergence of the student from the teacher in the distillation loss
 */
public record DistillConfig(
        OptionalLong tokens, OptimizerConfig optimizer, ReplicasConfig replicas, double alpha, Divergence divergence) {
    static DistillConfig of(StrictConfig config) {
        OptimizerConfig optimizer = OptimizerConfig.of(config, "distill.", "sequences");
        ReplicasConfig replicas = ReplicasConfig.of(config, "distill.");
        replicas.requireShares(config, "distill.", "batch-sequences", optimizer.batchSequences());
        return new DistillConfig(
                config.optionalLong("distill.tokens", Range.atLeast(1)),
                optimizer,
                replicas,
                config.number("distill.alpha", Range.atLeast(0).atMost(1)),
                config.choice("distill.divergence", Divergence.class));
    }
}
