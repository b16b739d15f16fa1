package org.xecomla.targets;

import java.util.Arrays;

/**
 * The k most probable tokens of a position and the mass of all others. Not thread-safe.
 *
 * <p>Stored are probabilities rounded in their logarithm. Decoding divides them, tail included, by their sum: that
 * differs from 1 by the rounding alone, and a small tail stays as exact as a large probability.
 */
final class MostProbable {
    private static final double BITS_PER_PROBABILITY = 14;

    private final int k;
    private final int[] ids; // (k) ascending
    private final float[] probabilities; // (k)
    private float tail;
    private final long[] heap; // (k), the least of the best first

    MostProbable(int k) {
        this.k = k;
        ids = new int[k];
        probabilities = new float[k];
        heap = new long[k];
    }

    int[] ids() {
        return ids;
    }

    float[] probabilities() {
        return probabilities;
    }

    float tail() {
        return tail;
    }

    /**
     * Chooses from {@code row} (V), which sums to 1 up to rounding; of equal probabilities the lower id. What is chosen
     * leaves as 0.
     */
    void choose(float[] row) {
        for (int id = 0; id < k; id++) {
            heap[id] = rank(row[id], id);
        }
        for (int i = k / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
        for (int id = k; id < row.length; id++) {
            long candidate = rank(row[id], id);
            if (candidate > heap[0]) {
                heap[0] = candidate;
                siftDown(0);
            }
        }
        for (int i = 0; i < k; i++) {
            ids[i] = Integer.MAX_VALUE - (int) heap[i];
        }
        Arrays.sort(ids);
        for (int i = 0; i < k; i++) {
            probabilities[i] = row[ids[i]];
        }
        for (int id : ids) {
            row[id] = 0;
        }
        tail = (float) Draws.sum(row, 0, row.length); // 1 minus the others would be all rounding where it is small
    }

    /** Orders by probability, then by lower id. Bits of non-negative floats are ordered as the floats are. */
    private static long rank(float probability, int id) {
        return (long) Float.floatToRawIntBits(probability) << 32 | (Integer.MAX_VALUE - id);
    }

    private void siftDown(int from) {
        int i = from;
        long value = heap[i];
        for (int child = 2 * i + 1; child < k; child = 2 * i + 1) {
            if (child + 1 < k && heap[child + 1] < heap[child]) {
                child++;
            }
            if (value <= heap[child]) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = value;
    }

    /**
     * Returns the mass of the others as it will be decoded, before the division; 0 where it is too small to be kept.
     */
    float encode(RecordCoder out) {
        float kept = out.probability(tail);
        int previous = -1;
        for (int i = 0; i < k; i++) {
            previous = out.idAfter(previous, ids[i]);
            out.probability(probabilities[i]);
        }
        return kept;
    }

    void decode(RecordCoder in, int vocabSize) {
        tail = in.probability(0);
        double sum = tail;
        int previous = -1;
        for (int i = 0; i < k; i++) {
            previous = in.idAfter(previous, 0);
            if (previous < 0 || previous >= vocabSize) {
                throw new IllegalArgumentException("a record has id " + previous + ", the vocabulary " + vocabSize);
            }
            ids[i] = previous;
            probabilities[i] = in.probability(0);
            sum += probabilities[i];
        }
        if (!(sum > 0)) {
            throw new IllegalArgumentException("a record has no probability above 0");
        }
        for (int i = 0; i < k; i++) {
            probabilities[i] = (float) (probabilities[i] / sum);
        }
        tail = (float) (tail / sum);
    }

    /** About how long they are. */
    static double typicalBytes(int k, int vocabSize) {
        double bitsPerId =
                1.5 + Math.max(0, Math.log((double) vocabSize / k) / Math.log(2)); // of the distance to the next
        return (BITS_PER_PROBABILITY * (k + 1) + bitsPerId * k) / Byte.SIZE;
    }
}
