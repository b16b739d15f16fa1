package org.xecomla.config.model;

import java.io.Serializable;
import java.util.List;

/**
 * How rotary frequencies are stretched for long contexts, in the keys of Hugging Face's {@code rope_scaling}. Plain
 * rope is {@link None}.
 */
public sealed interface RopeScaling extends Serializable {
    RopeScaling NONE = new None();

    /** Frequencies theta^(-2j/d) as they are. */
    record None() implements RopeScaling {}

    /** All frequencies divided by {@code factor}. */
    record Linear(double factor) implements RopeScaling {}

    /** Llama 3.1's piecewise scaling by wavelength. */
    record Llama3(double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
            implements RopeScaling {}

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
            implements RopeScaling {}

    /** Explicit angular frequencies, one a plane: students whose rope planes were picked from the base's. */
    record Explicit(List<Double> inverseFrequencies) implements RopeScaling {
        public Explicit {
            inverseFrequencies = List.copyOf(inverseFrequencies);
        }
    }
}
