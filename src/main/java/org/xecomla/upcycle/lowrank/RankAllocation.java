package org.xecomla.upcycle.lowrank;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.DoubleFunction;
import org.xecomla.config.RankConfig.CareRule;

/**
 * Ranks of all layers at one budget. Energies are squared singular values of a matrix, falling; a matrix of n of them
 * has a rank of n at most.
 */
public final class RankAllocation {
    private static final int HALVINGS = 60;

    /** Energy that is left is not taken for less than this share of the whole. */
    private static final double LEAST_LEFT = 1e-12;

    private RankAllocation() {}

    /**
     * LoRC's progressive ranks (arXiv 2410.03111), the same for keys and values: linear between dMin and dMax in the
     * logarithm of the cumulative condition numbers. dMax is the full rank and dMin the largest that fits the budget;
     * where even the least does not fit, dMax is lowered instead. What rounding leaves goes to the first layers.
     *
     * @param logConditions of each layer: the logarithm of the product of its own and all later condition numbers
     * @param full rank at most
     * @param total of all ranks
     * @throws IllegalArgumentException where {@code total} is below {@code least} in every layer
     */
    public static int[] lorc(List<Double> logConditions, int full, int total, int least) {
        requireRoom(logConditions.size(), total, least);
        int[] ranks = cost(lorc(logConditions, full, full, least, least)) <= total
                ? widest(dMin -> lorc(logConditions, full, full, dMin, least), full, total, least)
                : widest(dMax -> lorc(logConditions, full, dMax, least, least), full, total, least);
        for (int l = 0; l < ranks.length; l++) {
            while (cost(ranks) < total && ranks[l] < full) {
                ranks[l]++;
            }
        }
        return ranks;
    }

    private static int[] lorc(List<Double> logConditions, int full, double dMax, double dMin, int least) {
        double high = Collections.max(logConditions);
        double low = Collections.min(logConditions);
        return logConditions.stream()
                .mapToInt(x -> {
                    double depth = high == low ? 0 : (high - x) / (high - low);
                    double wanted = dMax * (1 - depth * (1 - dMin / dMax));
                    return Math.max(least, Math.min(full, (int) Math.floor(wanted + 0.5)));
                })
                .toArray();
    }

    /** The ranks of the largest number from {@code least} to {@code full} whose cost is within {@code total}. */
    private static int[] widest(DoubleFunction<int[]> ranks, int full, int total, int least) {
        double low = least;
        double high = full;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            if (cost(ranks.apply(middle)) <= total) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return ranks.apply(low);
    }

    private static int cost(int[] ranks) {
        return Arrays.stream(ranks).sum();
    }

    /**
     * The largest energies of all matrices, wherever they are; of equals those of the first matrix.
     *
     * @param energies of each matrix
     * @param total of all ranks
     * @throws IllegalArgumentException where {@code total} is below {@code least} in every matrix
     */
    public static int[] largest(List<double[]> energies, int total, int least) {
        requireRoom(energies.size(), total, least);
        return greedy(energies, total, least, Integer.MAX_VALUE, (m, rank) -> energies.get(m)[rank]);
    }

    /** What the next rank of a matrix is worth. */
    private interface Worth {
        double of(int matrix, int rank);
    }

    /** One rank at a time to the matrix where it is worth most, of equals to the first. */
    private static int[] greedy(List<double[]> energies, int total, int least, int most, Worth worth) {
        int[] ranks = new int[energies.size()];
        Arrays.setAll(ranks, m -> Math.min(least, energies.get(m).length));
        for (int left = total - cost(ranks); left > 0; left--) {
            int best = -1;
            double highest = Double.NEGATIVE_INFINITY;
            for (int m = 0; m < ranks.length; m++) {
                if (ranks[m] < Math.min(most, energies.get(m).length)) {
                    double here = worth.of(m, ranks[m]);
                    if (here > highest) {
                        highest = here;
                        best = m;
                    }
                }
            }
            if (best < 0) {
                break;
            }
            ranks[best]++;
        }
        return ranks;
    }

    /**
     * CARE's ranks (arXiv 2603.17946): one at a time to the matrix whose next energy is the largest share of what it
     * lacks. Its code multiplies that by ((L - l) / ((L + 1) / 2))<sup>1/2</sup>, l from 0, and divides it by (rank /
     * least)<sup>1/2</sup>. Of equals the first is taken; none gets more than its full rank.
     *
     * @param energies of a matrix of each layer
     * @param total of all ranks
     * @param most that any gets
     * @throws IllegalArgumentException where {@code total} is below {@code least} in every matrix
     */
    public static int[] care(List<double[]> energies, int total, int least, int most, CareRule rule) {
        requireRoom(energies.size(), total, least);
        int numLayers = energies.size();
        return greedy(energies, total, least, most, (l, rank) -> {
            double score = score(energies.get(l), rank);
            return rule == CareRule.CODE
                    ? score * (Math.sqrt((numLayers - l) / ((numLayers + 1) / 2.0)) / Math.sqrt((double) rank / least))
                    : score;
        });
    }

    private static double score(double[] energies, int rank) {
        double whole = Arrays.stream(energies).sum();
        double left = Arrays.stream(energies, rank, energies.length).sum();
        return whole > 0 ? energies[rank] / Math.max(left, LEAST_LEFT * whole) : 0;
    }

    private static void requireRoom(int numMatrices, int total, int least) {
        if ((long) numMatrices * least > total) {
            throw new IllegalArgumentException(
                    total + " elements for " + numMatrices + " matrices of at least " + least);
        }
    }
}
