package org.xecomla.config;

import java.util.Locale;
import org.xecomla.errors.ConfigException;

/**
 * Section {@code targets}: what is kept of the teacher's distributions.
 *
 * @param k most probable tokens per position of codec topk
 * @param samples draws per position of codec sampled
 * @param draws how they are drawn
 * @param temperature of teacher and student in the distillation loss
 */
public record TargetsConfig(Codec codec, int k, int samples, Draws draws, double temperature) {
    /** All probabilities, the k most probable and the mass of the others, or counts of draws. */
    public enum Codec {
        DENSE,
        TOPK,
        SAMPLED
    }

    /** Each draw on its own, or the draws of a position spread evenly. */
    public enum Draws {
        INDEPENDENT,
        STRATIFIED
    }

    static TargetsConfig of(StrictConfig config) {
        return new TargetsConfig(
                config.choice("targets.codec", Codec.class),
                config.integer("targets.k", Range.atLeast(1)),
                config.integer("targets.samples", Range.atLeast(1)),
                config.choice("targets.draws", Draws.class),
                config.number("targets.temperature", Range.above(0)));
    }

    /** Refuses a divergence that the codec does not carry enough for. */
    void requireCarries(Divergence divergence) {
        if (divergence != Divergence.FORWARD_KL && codec == Codec.SAMPLED) {
            String name = divergence.name().toLowerCase(Locale.ROOT).replace('_', '-');
            throw new ConfigException("distill.divergence = " + name
                    + " needs the teacher's probability of whatever the"
                    + " student says, and targets.codec = " + codec.name().toLowerCase(Locale.ROOT)
                    + " keeps draws, which estimate forward-kl alone: use targets.codec = topk or dense");
        }
    }
}
