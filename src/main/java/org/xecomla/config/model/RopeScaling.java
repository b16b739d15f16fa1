package org.xecomla.config.model;

import java.io.Serializable;
import java.util.List;
import org.xecomla.errors.ConfigException;

/**
 * How rotary frequencies are stretched for long contexts, in the keys of Hugging Face's {@code rope_scaling}. Plain
 * rope is {@link None}, and no rope at all {@link Unrotated}.
 */
public sealed interface RopeScaling extends Serializable {
    RopeScaling NONE = new None();

    RopeScaling UNROTATED = new Unrotated();

    /** Beyond this a frequency is no more than a rounding error. */
    double LARGEST_FACTOR = 1e6;

    /** Frequencies theta^(-2j/d) as they are. */
    record None() implements RopeScaling {}

    /** No plane turns: a layer without rotary embedding, as some of SmolLM3's. All frequencies are 0. */
    record Unrotated() implements RopeScaling {}

    /** All frequencies divided by {@code factor}. */
    record Linear(double factor) implements RopeScaling {
        public Linear {
            requireFactor(factor);
        }
    }

    /** Llama 3.1's piecewise scaling by wavelength. */
    record Llama3(double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
            implements RopeScaling {
        public Llama3 {
            requireFactor(factor);
            requireLength(originalMaxPositionEmbeddings);
            if (!(lowFreqFactor > 0 && lowFreqFactor < highFreqFactor && highFreqFactor < Double.POSITIVE_INFINITY)) {
                throw new ConfigException("low_freq_factor " + lowFreqFactor + " and high_freq_factor " + highFreqFactor
                        + " must be positive, the high one larger");
            }
        }
    }

    /**
     * DeepSeek's YaRN: a ramp between the frequencies and the frequencies / factor, and cos and sin multiplied by
     * m(mscale) / m(mscaleAllDim) with m(k) = 0.1 k ln(factor) + 1.
     */
    record Yarn(
            double factor,
            int originalMaxPositionEmbeddings,
            double betaFast,
            double betaSlow,
            double mscale,
            double mscaleAllDim)
            implements RopeScaling {
        public Yarn {
            requireFactor(factor);
            requireLength(originalMaxPositionEmbeddings);
            if (!(betaSlow > 0 && betaSlow <= betaFast && betaFast < Double.POSITIVE_INFINITY)) {
                throw new ConfigException("beta_fast " + betaFast + " and beta_slow " + betaSlow
                        + " must be positive, the fast one not smaller");
            }
            if (!(mscale >= 0 && mscaleAllDim >= 0 && mscale + mscaleAllDim <= LARGEST_FACTOR)) {
                throw new ConfigException(
                        "mscale " + mscale + " and mscale_all_dim " + mscaleAllDim + " must not be negative");
            }
        }

        /** What cos and sin are multiplied by. */
        public double attentionFactor() {
            return m(mscale) / m(mscaleAllDim);
        }

        private double m(double k) {
            return factor <= 1 ? 1 : 0.1 * k * Math.log(factor) + 1;
        }

        /** The same ramp with others of these. */
        public Yarn withMscale(double scale, double scaleAllDim) {
            return new Yarn(factor, originalMaxPositionEmbeddings, betaFast, betaSlow, scale, scaleAllDim);
        }

        /** The same ramp with this factor on cos and sin. */
        public Yarn withAttentionFactor(double attentionFactor) {
            if (!(factor > 1) || !(attentionFactor >= 1)) {
                throw new ConfigException("attention_factor " + attentionFactor + " at factor " + factor
                        + " is not supported: both must be above 1");
            }
            return withMscale((attentionFactor - 1) / (0.1 * Math.log(factor)), 0);
        }
    }

    /**
     * Explicit angular frequencies, one a plane: students whose rope planes were picked from the base's.
     *
     * @param numParts planes are so many equal parts, and query heads so many equal groups, each of which looks at its
     *     own part alone: what would look at others is zero and stays so in training. 1: all look at all
     */
    record Explicit(List<Double> inverseFrequencies, int numParts) implements RopeScaling {
        public Explicit {
            inverseFrequencies = List.copyOf(inverseFrequencies);
            if (numParts < 1 || inverseFrequencies.size() % numParts != 0) {
                throw new ConfigException(
                        inverseFrequencies.size() + " rope frequencies are not " + numParts + " equal parts");
            }
        }

        /** Frequencies of planes that all heads look at. */
        public Explicit(List<Double> inverseFrequencies) {
            this(inverseFrequencies, 1);
        }
    }

    private static void requireFactor(double factor) {
        if (!(factor >= 1 && factor <= LARGEST_FACTOR)) {
            throw new ConfigException("factor is " + factor + ", it must be at least 1 and at most " + LARGEST_FACTOR);
        }
    }

    private static void requireLength(int length) {
        if (length < 1) {
            throw new ConfigException("original_max_position_embeddings is " + length + ", not positive");
        }
    }
}
