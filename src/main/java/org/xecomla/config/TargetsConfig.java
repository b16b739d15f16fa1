package org.xecomla.config;

/**
 * Section {@code targets}: what is kept of the teacher's distributions.
 *
 * @param k tokens per position of codec topk
 * @param samples draws per position of codec sampled
 * @param temperature of teacher and student in the distillation loss
 */
public record TargetsConfig(Codec codec, int k, int samples, double temperature) {
    /** All probabilities, the k most probable and the mass of the others, or counts of draws. */
    public enum Codec {
        DENSE,
        TOPK,
        SAMPLED
    }

    static TargetsConfig of(StrictConfig config) {
        return new TargetsConfig(
                config.choice("targets.codec", Codec.class),
                config.integer("targets.k", Range.atLeast(1)),
                config.integer("targets.samples", Range.atLeast(1)),
                config.number("targets.temperature", Range.above(0)));
    }
}
