package org.xecomla.run;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Numbers 0 to n (exclusive) shared out evenly in their order: part i of p holds those from n i / p to n (i + 1) / p.
 */
public final class Shares {
    /**
     * Parts for each task that runs at once where every task loads a model: so many that none lasts long, yet few
     * loads.
     */
    public static final int LOADS_PER_SLOT = 4;

    private Shares() {}

    /** The first number of part {@code part}, which is the end of the part before. */
    public static long start(long n, int numParts, int part) {
        return n * part / numParts;
    }

    /** The numbers of part {@code part}. */
    public static List<Integer> of(int n, int numParts, int part) {
        int from = (int) start(n, numParts, part);
        int to = (int) start(n, numParts, part + 1);
        return IntStream.range(from, to).boxed().toList();
    }

    /** How many tasks share {@code n} pieces where each loads a model and {@code slots} run at once. */
    public static int numLoads(int n, int slots) {
        return Math.min(n, LOADS_PER_SLOT * slots);
    }
}
