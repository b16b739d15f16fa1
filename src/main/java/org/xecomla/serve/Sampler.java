package org.xecomla.serve;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** How the next token is picked from its logits. */
@FunctionalInterface
public interface Sampler {
    /** @param logits (V) */
    int pick(double[] logits);

    /** The most probable token; of equals the one of smallest id. */
    static Sampler greedy() {
        return logits -> {
            int best = 0;
            for (int i = 1; i < logits.length; i++) {
                best = logits[i] > logits[best] ? i : best;
            }
            return best;
        };
    }

    /**
     * Draws from softmax(logits / temperature), cut to its nucleus (Holtzman et al. 2020): the fewest most probable
     * tokens that together have at least {@code topP}. {@link #greedy} at temperature 0. Same seed, same draws.
     *
     * @param topP above 0, at most 1: everything
     */
    static Sampler of(double temperature, double topP, long seed) {
        if (!(temperature >= 0) || !(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("no sampler of temperature " + temperature + " and top-p " + topP);
        }
        if (temperature == 0) {
            return greedy();
        }
        SplittableRandom random = new SplittableRandom(seed);
        return logits -> {
            double[] weights = weights(logits, temperature);
            if (topP < 1) {
                keepNucleus(weights, topP);
            }
            return draw(weights, random.nextDouble());
        };
    }

    /** exp(logits / temperature), the largest 1. */
    private static double[] weights(double[] logits, double temperature) {
        double max = logits[greedy().pick(logits)];
        double[] weights = new double[logits.length];
        Arrays.setAll(weights, i -> Math.exp((logits[i] - max) / temperature));
        return weights;
    }

    /** Sets the weights outside the nucleus to 0; of equals the one of smallest id stays. */
    private static void keepNucleus(double[] weights, double topP) {
        double needed = topP * Arrays.stream(weights).sum();
        List<Integer> falling = IntStream.range(0, weights.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -weights[i]))
                .toList();
        double sum = 0;
        for (int token : falling) {
            double weight = weights[token];
            weights[token] = sum < needed ? weight : 0;
            sum += weight;
        }
    }

    private static int draw(double[] weights, double uniform) {
        double rest = uniform * Arrays.stream(weights).sum();
        int last = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                last = i;
                rest -= weights[i];
                if (rest < 0) {
                    return i;
                }
            }
        }
        return last; // what rounding left over
    }
}
