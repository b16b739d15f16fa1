package org.xecomla.config;

import java.util.OptionalLong;

/**
 * Section {@code distill}.
 *
 * @param recipe whose defaults the other keys have
 * @param tokens to train on; empty: the corpus once
 * @param alpha weight of the cross-entropy beside the distillation loss
 * @param divergence of the student from the teacher in the distillation loss
 * @param alphaSchedule how it changes over the run
 * @param temperatureSchedule how the temperature of {@code targets} changes in the loss over the run
 * @param hidden what is learned from the base's layers
 */
public record DistillConfig(
        Recipe recipe,
        OptionalLong tokens,
        OptimizerConfig optimizer,
        ReplicasConfig replicas,
        double alpha,
        Divergence divergence,
        LossSchedule alphaSchedule,
        LossSchedule temperatureSchedule,
        LayerMatchingConfig hidden) {
    /** Set of defaults of the sections {@code distill} and {@code targets}. */
    public enum Recipe {
        /** X-EcoMLA's: large batches, the loss of tokens alone. */
        OFFICIAL,
        /** Smaller batches and so more steps, beside the loss of tokens that of what the base's layers say. */
        FEW_TOKENS
    }

    static DistillConfig of(StrictConfig config) {
        OptimizerConfig optimizer = OptimizerConfig.of(config, "distill.", "sequences");
        ReplicasConfig replicas = ReplicasConfig.of(config, "distill.");
        replicas.requireShares(config, "distill.", "batch-sequences", optimizer.batchSequences());
        return new DistillConfig(
                config.choice("distill.recipe", Recipe.class),
                config.optionalLong("distill.tokens", Range.atLeast(1)),
                optimizer,
                replicas,
                config.number("distill.alpha", Range.atLeast(0).atMost(1)),
                config.choice("distill.divergence", Divergence.class),
                LossSchedule.of(
                        config, "distill.alpha-schedule", Range.atLeast(0).atMost(1)),
                temperature(config),
                LayerMatchingConfig.of(config));
    }

    private static LossSchedule temperature(StrictConfig config) {
        LossSchedule schedule = LossSchedule.of(config, "distill.temperature-schedule", Range.above(0));
        TargetsConfig targets = TargetsConfig.of(config);
        if (!schedule.isConstant() && targets.codec() != TargetsConfig.Codec.DENSE) {
            throw config.error(
                    "distill.temperature-schedule",
                    "needs the teacher's whole distributions, which can be brought to another temperature: set"
                            + " targets.codec = dense, or leave it constant");
        }
        return schedule;
    }
}
