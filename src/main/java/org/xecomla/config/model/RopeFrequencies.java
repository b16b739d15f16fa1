package org.xecomla.config.model;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.errors.ConfigException;

/**
 * The angular frequencies of a rotary embedding, one a plane, and what cos and sin are multiplied by. Formulas and
 * rounding are those of Hugging Face transformers ({@code modeling_rope_utils}) and of DeepSeek's YaRN.
 *
 * @param inverse radians per position of plane j, j below dim / 2
 * @param attentionFactor YaRN's m on cos and sin; 1 otherwise
 */
public record RopeFrequencies(List<Double> inverse, double attentionFactor) {
    public RopeFrequencies {
        inverse = List.copyOf(inverse);
    }

    /**
     * Frequencies of a rope of {@code dim} rotated dimensions.
     *
     * @throws ConfigException where explicit frequencies are not dim / 2 many
     */
    public static RopeFrequencies of(int dim, double theta, RopeScaling scaling) {
        int numPlanes = dim / 2;
        List<Double> inverse = new ArrayList<>();
        for (int j = 0; j < numPlanes; j++) {
            inverse.add(1 / Math.pow(theta, 2.0 * j / dim));
        }
        if (scaling instanceof RopeScaling.Linear linear) {
            inverse.replaceAll(f -> f / linear.factor());
        } else if (scaling instanceof RopeScaling.Llama3 llama3) {
            inverse.replaceAll(f -> llama3(f, llama3));
        } else if (scaling instanceof RopeScaling.Yarn yarn) {
            return yarn(inverse, dim, theta, yarn);
        } else if (scaling instanceof RopeScaling.Unrotated) {
            inverse.replaceAll(f -> 0.0);
        } else if (scaling instanceof RopeScaling.Explicit explicit) {
            if (explicit.inverseFrequencies().size() != numPlanes) {
                throw new ConfigException(explicit.inverseFrequencies().size()
                        + " explicit rope frequencies for a rope dimension of " + dim + ": give " + numPlanes);
            }
            inverse = explicit.inverseFrequencies();
        }
        return new RopeFrequencies(inverse, 1);
    }

    /** Short waves stay, long ones are divided by the factor, in between a blend linear in the number of turns. */
    private static double llama3(double frequency, RopeScaling.Llama3 scaling) {
        double turns = scaling.originalMaxPositionEmbeddings() * frequency / (2 * Math.PI);
        if (turns < scaling.lowFreqFactor()) {
            return frequency / scaling.factor();
        }
        if (turns > scaling.highFreqFactor()) {
            return frequency;
        }
        double smooth = (turns - scaling.lowFreqFactor()) / (scaling.highFreqFactor() - scaling.lowFreqFactor());
        return (1 - smooth) * frequency / scaling.factor() + smooth * frequency;
    }

    private static RopeFrequencies yarn(List<Double> inverse, int dim, double theta, RopeScaling.Yarn yarn) {
        double low = Math.max(Math.floor(plane(yarn.betaFast(), dim, theta, yarn)), 0);
        double high = Math.min(Math.ceil(plane(yarn.betaSlow(), dim, theta, yarn)), dim - 1.0);
        List<Double> scaled = new ArrayList<>();
        for (int j = 0; j < inverse.size(); j++) {
            double ramp = Math.min(1, Math.max(0, (j - low) / Math.max(high - low, 1e-3)));
            double frequency = inverse.get(j);
            scaled.add(ramp * frequency / yarn.factor() + (1 - ramp) * frequency);
        }
        return new RopeFrequencies(scaled, yarn.attentionFactor());
    }

    /** The plane, as a real number, that makes {@code turns} turns over the original length. */
    private static double plane(double turns, int dim, double theta, RopeScaling.Yarn yarn) {
        double length = yarn.originalMaxPositionEmbeddings();
        return dim * Math.log(length / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }
}
