package org.xecomla.targets;

import java.util.Arrays;
import org.xecomla.errors.ConfigException;
import org.xecomla.tensor.CounterRandom;

/**
 * N draws with replacement from weights over the vocabulary, as counts of the distinct ids, ascending. Not thread-safe.
 *
 * <p>Stratified draws take one uniform number from each N-th of [0, 1) in place of N from the whole: the mean of every
 * count is the same, and its variance less, since a token of probability 1/2 is drawn N/2 times and not about N/2
 * times.
 */
final class Draws {
    private static final int BLOCK = 256;
    private static final String STRATIFIED = "stratified";
    private static final String INDEPENDENT = "independent";

    private final boolean stratified;
    private final double[] draws; // (N) ascending in [0, 1)
    private final int[] ids; // (N)
    private final int[] counts; // (N)
    private int numDistinct;

    Draws(int numSamples, boolean stratified) {
        this.stratified = stratified;
        draws = new double[numSamples];
        ids = new int[numSamples];
        counts = new int[numSamples];
    }

    /**
     * Inverts the cumulative distribution at N sorted uniform numbers, from block to block of the vocabulary and then
     * within one: adding up blocks is what the time goes into, and their elements may be added in any order.
     *
     * @param weights (V), not all 0, of any sum
     * @param key that alone decides on the uniform numbers
     */
    void draw(float[] weights, long key) {
        double total = 0;
        double[] masses = new double[(weights.length - 1) / BLOCK + 1];
        int lastPossible = 0;
        for (int block = 0; block < masses.length; block++) {
            masses[block] = sum(weights, block * BLOCK, end(weights, block));
            total += masses[block];
            lastPossible = masses[block] > 0 ? block : lastPossible;
        }
        drawUniform(key);
        numDistinct = 0;
        double before = 0; // mass of the blocks before this one
        int block = 0;
        for (double draw : draws) {
            while (before + masses[block] <= draw * total && block < lastPossible) {
                before += masses[block++];
            }
            add(within(weights, block * BLOCK, end(weights, block), draw * total - before));
        }
    }

    private void drawUniform(long key) {
        for (int i = 0; i < draws.length; i++) {
            double uniform = CounterRandom.uniform(key, i);
            draws[i] = stratified ? (i + uniform) / draws.length : uniform;
        }
        if (!stratified) {
            Arrays.sort(draws);
        }
    }

    private static int end(float[] weights, int block) {
        return Math.min(weights.length, (block + 1) * BLOCK);
    }

    /**
     * Where the mass from {@code from} on passes {@code mass}; where rounding lets it reach the end, the last possible
     * id.
     */
    private static int within(float[] weights, int from, int to, double mass) {
        int last = from;
        double below = 0;
        for (int id = from; id < to; id++) {
            if (weights[id] > 0) {
                last = id;
                below += weights[id];
                if (below > mass) {
                    return id;
                }
            }
        }
        return last;
    }

    /** Sum of a range, in four parts at once. */
    static double sum(float[] values, int from, int to) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = from;
        for (; i + 3 < to; i += 4) {
            a += values[i];
            b += values[i + 1];
            c += values[i + 2];
            d += values[i + 3];
        }
        for (; i < to; i++) {
            a += values[i];
        }
        return a + b + (c + d);
    }

    private void add(int id) {
        if (numDistinct > 0 && ids[numDistinct - 1] == id) {
            counts[numDistinct - 1]++;
        } else {
            ids[numDistinct] = id;
            counts[numDistinct++] = 1;
        }
    }

    /** Puts the last draws into a record; they end where the counts add up to N. */
    void encode(RecordCoder out) {
        int previous = -1;
        int left = draws.length;
        for (int i = 0; i < numDistinct; i++) {
            previous = out.idAfter(previous, ids[i]);
            left -= out.count(left, counts[i]);
        }
    }

    /** Takes N draws out of a record into {@code row}, each of weight {@code weight / N}. */
    static void decode(RecordCoder in, int numSamples, double weight, SparseRows rows) {
        int previous = -1;
        for (int left = numSamples; left > 0; ) {
            previous = in.idAfter(previous, 0);
            int count = in.count(left, 0);
            if (count < 1 || count > left) {
                throw new IllegalArgumentException("a record counts " + count + " of " + left + " draws");
            }
            rows.add(previous, (float) (weight * count / numSamples));
            left -= count;
        }
    }

    /** About how long the draws of a position are: so many distinct ids come from a language model's distributions. */
    static double typicalBytes(int numSamples, boolean stratified, int vocabSize) {
        double numDistinct = (stratified ? 1.2 : 1.09) * Math.pow(numSamples, 0.613); // 12 of 50, 5 of 12
        double bitsPerId = Math.log(vocabSize) / Math.log(2) + 0.5; // with its count
        return numDistinct * bitsPerId / Byte.SIZE;
    }

    static String name(boolean stratified) {
        return stratified ? STRATIFIED : INDEPENDENT;
    }

    static boolean isStratified(String name) {
        if (!name.equals(STRATIFIED) && !name.equals(INDEPENDENT)) {
            throw new ConfigException("targets.draws = " + name + " is none of " + INDEPENDENT + ", " + STRATIFIED);
        }
        return name.equals(STRATIFIED);
    }
}
