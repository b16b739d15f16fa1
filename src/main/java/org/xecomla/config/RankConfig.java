package org.xecomla.config;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Of section {@code upcycle}: what errors of a factorisation are weighed by, and how ranks are spread over layers.
 *
 * @param factors empty: by method
 * @param shrinkage of the inputs' second moment, for factors by covariance
 * @param policy how a budget over all layers becomes ranks
 * @param rule of policy care
 * @param least elements of every latent; empty: half the mean rank for policy care, 1 for others
 * @param gradientTokens of the calibration text that gradients are taken on; empty: all of it
 */
public record RankConfig(
        Optional<Factors> factors,
        Shrinkage shrinkage,
        Policy policy,
        CareRule rule,
        OptionalInt least,
        OptionalInt gradientTokens) {
    /** What a factorisation loses least of. */
    public enum Factors {
        /** The aligned start's own: outputs over calibration text, damped, and balanced. */
        WEIGHTED,
        /** The loss over calibration text, as its gradients tell: errors are weighed where keys and values come out. */
        GRADIENT,
        /** Outputs over calibration text (CARE). */
        COVARIANCE,
        /** The weights themselves: a plain SVD (LoRC). */
        WEIGHT
    }

    /** How CARE keeps the second moment of inputs from being singular. */
    public enum Shrinkage {
        /** A tenth of the mean diagonal is added: its code. */
        CODE,
        /** A hundredth of the root is replaced by its mean diagonal: its paper, as far as that says it. */
        PAPER,
        /** Nothing. */
        NONE
    }

    /** How ranks are spread over layers. */
    public enum Policy {
        /** The same for all, or by {@code upcycle.kv-energy}. */
        FIXED,
        /** The directions that the loss minds most, wherever they are. */
        GRADIENT,
        /** By condition numbers of the weights, accumulated from the last layer on (LoRC). */
        LORC,
        /** One at a time to the layer whose next singular value is the largest share of what it still lacks (CARE). */
        CARE
    }

    /** Two forms of CARE's choice. */
    public enum CareRule {
        /** With two factors that favour early layers and small ranks: its code. */
        CODE,
        /** Without: its paper. */
        PAPER
    }

    static RankConfig of(StrictConfig config) {
        return new RankConfig(
                config.optionalChoice("upcycle.factors", Factors.class),
                config.choice("upcycle.shrinkage", Shrinkage.class),
                config.choice("upcycle.rank-policy", Policy.class),
                config.choice("upcycle.rank-rule", CareRule.class),
                config.optionalInteger("upcycle.rank-least", Range.atLeast(1)),
                config.optionalInteger("upcycle.gradient-tokens", Range.atLeast(1)));
    }

    /** What was asked for, or {@code otherwise}; ranks by gradients ask for factors by gradients. */
    public Factors factorsOr(Factors otherwise) {
        return factors.orElse(policy == Policy.GRADIENT ? Factors.GRADIENT : otherwise);
    }
}
