package org.xecomla.nn.loss;

import java.util.Arrays;
import java.util.List;

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

    /** The same rows, those without target where {@code kept} (N) is false. */
    SoftLabels where(boolean[] kept);

    /** Which rows (N) have a target: some weight. */
    boolean[] targeted();

    /** How many rows have a target. */
    default int numTargets() {
        int numTargets = 0;
        for (boolean row : targeted()) {
            numTargets += row ? 1 : 0;
        }
        return numTargets;
    }

    /** Which rows of {@code width} weights are not all 0. */
    private static boolean[] targeted(float[] weights, int width) {
        boolean[] targeted = new boolean[weights.length / width];
        for (int row = 0; row < targeted.length; row++) {
            int i = row * width;
            while (i < (row + 1) * width && weights[i] == 0) {
                i++;
            }
            targeted[row] = i < (row + 1) * width;
        }
        return targeted;
    }

    /** The same values, 0 in all of the rows of {@code width} that are not {@code kept}. */
    private static float[] where(boolean[] kept, float[] values, int width) {
        float[] some = values.clone();
        for (int row = 0; row < kept.length; row++) {
            if (!kept[row]) {
                Arrays.fill(some, row * width, (row + 1) * width, 0);
            }
        }
        return some;
    }

    private static int[] where(boolean[] kept, int[] ids, int width) {
        int[] some = ids.clone();
        for (int row = 0; row < kept.length; row++) {
            if (!kept[row]) {
                Arrays.fill(some, row * width, (row + 1) * width, -1);
            }
        }
        return some;
    }

    /**
     * The rows of {@code parts}, all of one form, one behind the other; narrower rows are filled up to the widest k.
     */
    static SoftLabels concat(List<? extends SoftLabels> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        int n = parts.stream().mapToInt(SoftLabels::numRows).sum();
        if (parts.get(0) instanceof Dense first) {
            int v = first.vocabSize();
            float[] probabilities = new float[Math.multiplyExact(n, v)];
            int at = 0;
            for (SoftLabels part : parts) {
                System.arraycopy(((Dense) part).probabilities(), 0, probabilities, at * v, part.numRows() * v);
                at += part.numRows();
            }
            return new Dense(n, v, probabilities);
        }
        int k = parts.stream().mapToInt(SoftLabels::width).max().orElseThrow();
        int[] ids = new int[Math.multiplyExact(n, k)];
        float[] weights = new float[n * k];
        float[] tail = new float[n];
        Arrays.fill(ids, -1);
        int at = 0;
        for (SoftLabels part : parts) {
            if (part instanceof TopK topK) {
                copyRows(topK.ids(), topK.probabilities(), topK.k(), ids, weights, k, at);
                System.arraycopy(topK.tail(), 0, tail, at, topK.numRows());
            } else if (part instanceof Sampled sampled) {
                copyRows(sampled.ids(), sampled.weights(), sampled.k(), ids, weights, k, at);
            }
            at += part.numRows();
        }
        return parts.get(0) instanceof TopK ? new TopK(n, k, ids, weights, tail) : new Sampled(n, k, ids, weights);
    }

    private static void copyRows(
            int[] ids, float[] weights, int width, int[] allIds, float[] allWeights, int k, int at) {
        for (int row = 0; row * width < ids.length; row++) {
            System.arraycopy(ids, row * width, allIds, (at + row) * k, width);
            System.arraycopy(weights, row * width, allWeights, (at + row) * k, width);
        }
    }

    private static int width(SoftLabels labels) {
        return labels instanceof TopK topK ? topK.k() : labels instanceof Sampled sampled ? sampled.k() : 0;
    }

    /** Full distributions: {@code probabilities} (N, V). */
    record Dense(int numRows, int vocabSize, float[] probabilities) implements SoftLabels {
        @Override
        public Dense where(boolean[] kept) {
            return new Dense(numRows, vocabSize, SoftLabels.where(kept, probabilities, vocabSize));
        }

        @Override
        public boolean[] targeted() {
            return SoftLabels.targeted(probabilities, vocabSize);
        }

        @Override
        public Dense rows(int from, int to) {
            return new Dense(to - from, vocabSize, Arrays.copyOfRange(probabilities, from * vocabSize, to * vocabSize));
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
        public TopK where(boolean[] kept) {
            return new TopK(
                    numRows,
                    k,
                    SoftLabels.where(kept, ids, k),
                    SoftLabels.where(kept, probabilities, k),
                    SoftLabels.where(kept, tail, 1));
        }

        @Override
        public boolean[] targeted() {
            return SoftLabels.targeted(probabilities, k);
        }

        @Override
        public TopK rows(int from, int to) {
            return new TopK(
                    to - from,
                    k,
                    Arrays.copyOfRange(ids, from * k, to * k),
                    Arrays.copyOfRange(probabilities, from * k, to * k),
                    Arrays.copyOfRange(tail, from, to));
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
        public Sampled where(boolean[] kept) {
            return new Sampled(numRows, k, SoftLabels.where(kept, ids, k), SoftLabels.where(kept, weights, k));
        }

        @Override
        public boolean[] targeted() {
            return SoftLabels.targeted(weights, k);
        }

        @Override
        public Sampled rows(int from, int to) {
            return new Sampled(
                    to - from,
                    k,
                    Arrays.copyOfRange(ids, from * k, to * k),
                    Arrays.copyOfRange(weights, from * k, to * k));
        }
    }
}
