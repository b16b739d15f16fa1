package org.xecomla.tensor;

/**
 * What the teacher says at N positions, in one of three forms; row n speaks of the token after position n.
 *
 * <p>Heap arrays, since they come from files; a row has k entries, unused ones hold id -1 and weight 0.
 */
public sealed interface SoftLabels {
    /** Number of positions N. */
    int numRows();

    /** Rows {@code from} (inclusive) to {@code to} (exclusive). */
    SoftLabels rows(int from, int to);

    /** Full distributions: {@code probabilities} (N, V). */
    record Dense(int numRows, int vocabSize, float[] probabilities) implements SoftLabels {
        @Override
        public Dense rows(int from, int to) {
            return new Dense(
                    to - from,
                    vocabSize,
                    java.util.Arrays.copyOfRange(probabilities, from * vocabSize, to * vocabSize));
        }
    }

    /**
     * The k most probable tokens and the mass of all others, never renormalised.
     *
     * @param ids (N, k)
     * @param probabilities (N, k)
     * @param tail (N): 1 minus the sum of the row's probabilities
     */
    record TopK(int numRows, int k, int[] ids, float[] probabilities, float[] tail) implements SoftLabels {
        @Override
        public TopK rows(int from, int to) {
            return new TopK(
                    to - from,
                    k,
                    java.util.Arrays.copyOfRange(ids, from * k, to * k),
                    java.util.Arrays.copyOfRange(probabilities, from * k, to * k),
                    java.util.Arrays.copyOfRange(tail, from, to));
        }
    }

    /**
     * Empirical distributions of draws from the teacher: weight = count / draws.
     *
     * @param ids (N, k) distinct within a row
     * @param weights (N, k), every row sums to 1
     */
    record Sampled(int numRows, int k, int[] ids, float[] weights) implements SoftLabels {
        @Override
        public Sampled rows(int from, int to) {
            return new Sampled(
                    to - from,
                    k,
                    java.util.Arrays.copyOfRange(ids, from * k, to * k),
                    java.util.Arrays.copyOfRange(weights, from * k, to * k));
        }
    }
}
