package org.xecomla.nn;

import org.xecomla.config.ConfigException;
import org.xecomla.config.RopeScaling;

/**
 * Angular frequencies of the P/2 planes of a rotary embedding, in radians a position, and the factor m on cos and sin.
 *
 * <p>Plain, linear and llama3 as in Hugging Face's {@code modeling_rope_utils}; YaRN (Peng et al. 2023) as in DeepSeek V2's
 * own code, with floor and ceil at the ends of the ramp.
 *
 * @param inverse (P/2)
 * @param factor m; 1 but for YaRN
 */
public record RopeFrequencies(double[] inverse, double factor) {
    /**
     * @param ropeDim P, even
     * @param theta base of the plain frequencies theta^(-2j/P)
     * @throws ConfigException where explicit frequencies are not P/2 many
     */
    public static RopeFrequencies of(int ropeDim, double theta, RopeScaling scaling) {
        double[] plain = new double[ropeDim / 2];
        for (int j = 0; j < plain.length; j++) {
            plain[j] = 1 / Math.pow(theta, 2.0 * j / ropeDim);
        }
        if (scaling instanceof RopeScaling.Linear linear) {
            return new RopeFrequencies(times(plain, 1 / linear.factor()), 1);
        } else if (scaling instanceof RopeScaling.Llama3 llama3) {
            return new RopeFrequencies(llama3(plain, llama3), 1);
        } else if (scaling instanceof RopeScaling.Yarn yarn) {
            double factor = magnitude(yarn.factor(), yarn.mscale()) / magnitude(yarn.factor(), yarn.mscaleAllDim());
            return new RopeFrequencies(yarn(plain, theta, yarn), factor);
        } else if (scaling instanceof RopeScaling.Explicit explicit) {
            return new RopeFrequencies(explicit(explicit, ropeDim), 1);
        }
        return new RopeFrequencies(plain, 1);
    }

    private static double[] times(double[] plain, double factor) {
        double[] scaled = plain.clone();
        for (int j = 0; j < scaled.length; j++) {
            scaled[j] *= factor;
        }
        return scaled;
    }

    private static double[] llama3(double[] plain, RopeScaling.Llama3 scaling) {
        double original = scaling.originalMaxPositionEmbeddings();
        double low = scaling.lowFreqFactor();
        double high = scaling.highFreqFactor();
        double[] scaled = plain.clone();
        for (int j = 0; j < plain.length; j++) {
            double wavelength = 2 * Math.PI / plain[j];
            double slow = plain[j] / scaling.factor();
            if (wavelength > original / low) {
                scaled[j] = slow;
            } else if (wavelength >= original / high) {
                double share = (original / wavelength - low) / (high - low);
                scaled[j] = (1 - share) * slow + share * plain[j];
            }
        }
        return scaled;
    }

    private static double[] yarn(double[] plain, double theta, RopeScaling.Yarn scaling) {
        int ropeDim = 2 * plain.length;
        double low = Math.max(Math.floor(plane(scaling.betaFast(), ropeDim, theta, scaling)), 0);
        double high = Math.min(Math.ceil(plane(scaling.betaSlow(), ropeDim, theta, scaling)), ropeDim - 1);
        double[] scaled = new double[plain.length];
        for (int j = 0; j < plain.length; j++) {
            double ramp = Math.min(Math.max((j - low) / Math.max(high - low, 1e-3), 0), 1);
            scaled[j] = plain[j] / scaling.factor() * ramp + plain[j] * (1 - ramp);
        }
        return scaled;
    }

    /** The (fractional) plane that turns {@code rotations} times within the original length. */
    private static double plane(double rotations, int ropeDim, double theta, RopeScaling.Yarn scaling) {
        double length = scaling.originalMaxPositionEmbeddings();
        return ropeDim * Math.log(length / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private static double magnitude(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    private static double[] explicit(RopeScaling.Explicit explicit, int ropeDim) {
        if (explicit.inverseFrequencies().size() != ropeDim / 2) {
            throw new ConfigException(explicit.inverseFrequencies().size()
                    + " explicit rope frequencies for a rope dimension of " + ropeDim + ": give " + ropeDim / 2);
        }
        return explicit.inverseFrequencies().stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
    }
}
