package org.xecomla.targets;

import java.util.Arrays;
import org.xecomla.nn.loss.SoftLabels;

/** Rows of ids and weights of different lengths, gathered one after the other. */
final class SparseRows {
    private final int vocabSize;
    private final int[] ends; // (T): where each row ends
    private int[] ids = new int[1 << 10];
    private float[] weights = new float[1 << 10];
    private int length;
    private int numRows;

    SparseRows(int numRows, int vocabSize) {
        this.ends = new int[numRows];
        this.vocabSize = vocabSize;
    }

    /** Adds to the row that is open. */
    void add(int id, float weight) {
        if (id < 0 || id >= vocabSize) {
            throw new IllegalArgumentException("a record has id " + id + ", the vocabulary " + vocabSize);
        }
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, Math.multiplyExact(length, 2));
            weights = Arrays.copyOf(weights, ids.length);
        }
        ids[length] = id;
        weights[length++] = weight;
    }

    void endRow() {
        ends[numRows++] = length;
    }

    /** All rows, filled up to the widest. */
    SoftLabels.Sampled toLabels() {
        int k = 1;
        for (int t = 0; t < numRows; t++) {
            k = Math.max(k, ends[t] - start(t));
        }
        int[] all = new int[numRows * k]; // (T, k)
        float[] values = new float[numRows * k]; // (T, k)
        Arrays.fill(all, -1);
        for (int t = 0; t < numRows; t++) {
            System.arraycopy(ids, start(t), all, t * k, ends[t] - start(t));
            System.arraycopy(weights, start(t), values, t * k, ends[t] - start(t));
        }
        return new SoftLabels.Sampled(numRows, k, all, values);
    }

    private int start(int row) {
        return row == 0 ? 0 : ends[row - 1];
    }
}
