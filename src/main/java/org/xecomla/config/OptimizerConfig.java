package org.xecomla.config;

import java.util.List;
import java.util.OptionalInt;

/**
 * AdamW, its schedule and its batches: keys that {@code distill}, {@code dpo} and {@code pretrain} share.
 *
 * @param batchSequences sequences (of {@code dpo}: pairs) per step, all replicas together
 * @param microBatchSequences sequences (pairs) computed at once
 * @param warmupSteps empty: a share of all steps
 * @param clip largest norm of the gradient; infinite: no clipping
 */
public record OptimizerConfig(
        int batchSequences,
        int microBatchSequences,
        double learningRate,
        double minLearningRate,
        OptionalInt warmupSteps,
        double weightDecay,
        double clip,
        double beta1,
        double beta2) {
    /** Without a value for warmup-steps they are one in so many. */
    public static final int WARMUP_SHARE = 100;

    /**
     * @param section with its trailing dot
     * @param unit what batches are counted in: sequences or pairs
     */
    static OptimizerConfig of(StrictConfig config, String section, String unit) {
        double learningRate = config.number(section + "learning-rate", Range.above(0));
        double minimum = config.number(section + "min-learning-rate", Range.atLeast(0));
        if (minimum > learningRate) {
            throw config.error(
                    section + "min-learning-rate", "is above " + section + "learning-rate = " + learningRate);
        }
        List<Double> betas = config.numbers(section + "betas", Range.atLeast(0).below(1));
        if (betas.size() != 2) {
            throw config.error(section + "betas", "is not a list of two numbers");
        }
        return new OptimizerConfig(
                config.integer(section + "batch-" + unit, Range.atLeast(1)),
                config.integer(section + "micro-batch-" + unit, Range.atLeast(1)),
                learningRate,
                minimum,
                config.optionalInteger(section + "warmup-steps", Range.atLeast(0)),
                config.number(section + "weight-decay", Range.atLeast(0)),
                config.isWord(section + "clip", "none")
                        ? Double.POSITIVE_INFINITY
                        : config.number(section + "clip", Range.above(0)),
                betas.get(0),
                betas.get(1));
    }

    /** Steps of warm-up in a run of {@code totalSteps}, never more: where they are not given, one in {@code share}. */
    public long warmupStepsOf(long totalSteps, int share) {
        long wanted = warmupSteps.isPresent() ? warmupSteps.getAsInt() : (totalSteps + share - 1) / share;
        return Math.min(wanted, totalSteps);
    }
}
