package org.xecomla.upcycle;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeChoice;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;

/**
 * The rope of latent layers where the base scales its own. Servers compute plain or YaRN frequencies for latent
 * attention; Llama 3's are neither.
 */
final class StudentRope {
    /** Of X-EcoMLA's code. */
    private static final double BETA_FAST = 32;

    private static final double BETA_SLOW = 1;

    private StudentRope() {}

    static RopeScaling scaling(
            RopeChoice choice, UpcycleConfig.Method method, ModelConfig base, AttentionConfig.Gqa shape, int ropeDim) {
        RopeScaling own = shape.ropeScaling();
        if (!shape.isRotated()) {
            return own;
        }
        if (choice == RopeChoice.NONE || own instanceof RopeScaling.None) {
            return RopeScaling.NONE;
        }
        if (choice == RopeChoice.BASE || own instanceof RopeScaling.Yarn) {
            return own;
        }
        if (choice == RopeChoice.FIXED_YARN) {
            return nearestFixedYarn(base, own, ropeDim);
        }
        if (method == UpcycleConfig.Method.XECOMLA) {
            return own instanceof RopeScaling.Llama3 llama3
                    ? new RopeScaling.Yarn(
                            llama3.factor(), llama3.originalMaxPositionEmbeddings(), BETA_FAST, BETA_SLOW, 1, 0)
                    : own;
        }
        return nearestYarn(base, own, ropeDim);
    }

    /**
     * The YaRN whose frequencies come nearest to those of {@code own}, by the sum of squared relative differences. YaRN
     * rounds its ramp to whole planes, so all ramps can be tried; the betas lie in the middle of what rounds to the
     * best one. The original length is the maximum by the factor where that is whole: some releases of transformers
     * ignore the factor and divide the two.
     */
    private static RopeScaling nearestYarn(ModelConfig base, RopeScaling own, int ropeDim) {
        double factor = factor(own);
        int length = originalLength(base, own, factor);
        return nearest(
                base.ropeTheta(),
                own,
                ropeDim,
                IntStream.range(0, ropeDim / 2).boxed().flatMap(low -> IntStream.range(low + 1, ropeDim)
                        .mapToObj(high -> yarn(base.ropeTheta(), ropeDim, factor, length, low, high))));
    }

    /**
     * The same of those with betas 32 and 1. What is free is the original length, and of that only the planes that it
     * puts the ramp's ends between: a sixteenth of a plane tells them apart.
     */
    private static RopeScaling nearestFixedYarn(ModelConfig base, RopeScaling own, int ropeDim) {
        return nearest(
                base.ropeTheta(),
                own,
                ropeDim,
                IntStream.range(0, 16 * ropeDim)
                        .mapToDouble(step -> 2 * Math.PI * Math.pow(base.ropeTheta(), step / 8.0 / ropeDim))
                        .takeWhile(length -> length <= base.maxPositionEmbeddings())
                        .mapToObj(length -> new RopeScaling.Yarn(
                                factor(own), (int) Math.ceil(length), BETA_FAST, BETA_SLOW, 1, 0)));
    }

    /** Of {@code candidates} that whose frequencies come nearest to those of {@code own}; of equals the first. */
    private static RopeScaling nearest(
            double theta, RopeScaling own, int ropeDim, Stream<RopeScaling.Yarn> candidates) {
        List<Double> wanted = RopeFrequencies.of(ropeDim, theta, own).inverse();
        RopeScaling best = null;
        double least = Double.POSITIVE_INFINITY;
        for (RopeScaling candidate : (Iterable<RopeScaling.Yarn>) candidates::iterator) {
            double difference = squaredDifference(
                    RopeFrequencies.of(ropeDim, theta, candidate).inverse(), wanted);
            if (difference < least) {
                least = difference;
                best = candidate;
            }
        }
        return best;
    }

    private static double factor(RopeScaling own) {
        return own instanceof RopeScaling.Llama3 llama3 ? llama3.factor() : ((RopeScaling.Linear) own).factor();
    }

    private static int originalLength(ModelConfig base, RopeScaling own, double factor) {
        double length = base.maxPositionEmbeddings() / factor;
        boolean whole = length == Math.rint(length);
        return own instanceof RopeScaling.Llama3 llama3 && !whole
                ? llama3.originalMaxPositionEmbeddings()
                : (int) Math.max(1, Math.rint(length));
    }

    /** The YaRN that leaves planes up to {@code low} alone and divides those from {@code high} on by the factor. */
    private static RopeScaling.Yarn yarn(double theta, int ropeDim, double factor, int length, int low, int high) {
        double betaFast = turns(theta, ropeDim, length, low + 0.5);
        double betaSlow = turns(theta, ropeDim, length, high - 0.5);
        return new RopeScaling.Yarn(factor, length, betaFast, betaSlow, 1, 0);
    }

    /** How often a plane, a whole one or one between two, turns over {@code length}. */
    private static double turns(double theta, int ropeDim, int length, double plane) {
        return length * Math.pow(theta, -2 * plane / ropeDim) / (2 * Math.PI);
    }

    private static double squaredDifference(List<Double> frequencies, List<Double> wanted) {
        double sum = 0;
        for (int j = 0; j < wanted.size(); j++) {
            double off = frequencies.get(j) / wanted.get(j) - 1;
            sum += off * off;
        }
        return sum;
    }

    /** How far the student's frequencies are from the base's; empty where they are the same. */
    static Optional<String> note(ModelConfig base, AttentionConfig.Gqa shape, int ropeDim, RopeScaling scaling) {
        if (scaling.equals(shape.ropeScaling())) {
            return Optional.empty();
        }
        List<Double> own = RopeFrequencies.of(ropeDim, base.ropeTheta(), shape.ropeScaling())
                .inverse();
        List<Double> made =
                RopeFrequencies.of(ropeDim, base.ropeTheta(), scaling).inverse();
        int worst = 0;
        for (int j = 1; j < own.size(); j++) {
            if (off(made, own, j) > off(made, own, worst)) {
                worst = j;
            }
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "rope: %s instead of the base's %s; frequencies differ by up to %.1f %% (plane %d of %d), root mean"
                        + " square %.1f %%",
                name(scaling),
                name(shape.ropeScaling()),
                100 * off(made, own, worst),
                worst,
                own.size(),
                100 * Math.sqrt(squaredDifference(made, own) / own.size())));
    }

    private static double off(List<Double> made, List<Double> own, int plane) {
        return Math.abs(made.get(plane) / own.get(plane) - 1);
    }

    private static String name(RopeScaling scaling) {
        return scaling instanceof RopeScaling.None
                ? "plain frequencies"
                : scaling.getClass().getSimpleName().toLowerCase(Locale.ROOT) + " scaling";
    }
}
