package org.xecomla.tensor;

import java.util.Arrays;

/**
 * Which row of a table each of N rows takes: token ids of an embedding, positions of a table of angles.
 *
 * <p>Immutable, and made once for a batch: kernels may keep a copy on their device, by identity.
 */
public final class Indices {
    private final int[] values;
    private final int lowest;
    private final int highest;

    private Indices(int[] values) {
        this.values = values;
        this.lowest = Arrays.stream(values).min().orElse(0);
        this.highest = Arrays.stream(values).max().orElse(-1);
    }

    public static Indices of(int... values) {
        return new Indices(values.clone());
    }

    /** N. */
    public int length() {
        return values.length;
    }

    public int get(int n) {
        return values[n];
    }

    public int[] toArray() {
        return values.clone();
    }

    /** @throws IndexOutOfBoundsException where one is not a row of a table of {@code numRows} */
    public void requireRowsOf(int numRows) {
        if (lowest < 0 || highest >= numRows) {
            throw new IndexOutOfBoundsException("row " + (lowest < 0 ? lowest : highest) + " of " + numRows);
        }
    }
}
