package org.xecomla.serve;

import java.util.SplittableRandom;

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

    /** Draws from softmax(logits / temperature); {@link #greedy} at temperature 0. Same seed, same draws. */
    static Sampler ofTemperature(double temperature, long seed) {
        if (!(temperature >= 0)) {
            throw new IllegalArgumentException("temperature " + temperature + " is negative");
        }
        if (temperature == 0) {
            return greedy();
        }
        SplittableRandom random = new SplittableRandom(seed);
        return logits -> draw(logits, temperature, random.nextDouble());
    }

    private static int draw(double[] logits, double temperature, double uniform) {
        double max = logits[greedy().pick(logits)];
        double[] upTo = new double[logits.length]; // sums of the weights of tokens 0 to i
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            sum += Math.exp((logits[i] - max) / temperature);
            upTo[i] = sum;
        }
        int token = 0;
        while (token < logits.length - 1 && upTo[token] <= uniform * sum) {
            token++;
        }
        return token;
    }
}
