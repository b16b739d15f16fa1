package org.xecomla.tensor;

import java.util.Arrays;

/**
 * What the rows of a batch are to attention: B sequences, each of T query rows over S key rows. Query row b * T + t is
 * at place S - T + t of its sequence, and sees the keys from the first of its document up to and including that place.
 * In training every row is both query and key: T = S.
 *
 * <p>Immutable, and made once for a batch: kernels may keep what they derive from it on their device, by identity.
 */
public final class Sequences {
    private final int numSequences;
    private final int queryLength;
    private final int keyLength;
    private final int[] firstKeys; // (B*T)
    private final Indices positions; // (B*T)

    /**
     * @param numSequences B
     * @param queryLength T
     * @param keyLength S
     * @param firstKeys (B*T): the place in its sequence of the first key that a query sees, never falling within a
     *     sequence
     * @throws IllegalArgumentException where a first key lies behind its query or before that of the query before
     */
    public Sequences(int numSequences, int queryLength, int keyLength, int[] firstKeys) {
        if (numSequences < 1 || queryLength < 1 || keyLength < queryLength) {
            throw new IllegalArgumentException(
                    numSequences + " sequences of " + queryLength + " queries over " + keyLength + " keys");
        }
        if (firstKeys.length != numSequences * queryLength) {
            throw new IllegalArgumentException(
                    firstKeys.length + " first keys for " + numSequences + " sequences of " + queryLength + " queries");
        }
        this.numSequences = numSequences;
        this.queryLength = queryLength;
        this.keyLength = keyLength;
        this.firstKeys = firstKeys.clone();
        int[] places = new int[firstKeys.length];
        for (int row = 0; row < places.length; row++) {
            int i = row % queryLength;
            boolean falls = i > 0 && firstKeys[row - 1] > firstKeys[row];
            if (falls || firstKeys[row] < 0 || firstKeys[row] > lastKey(i)) {
                throw new IllegalArgumentException("query " + i + " cannot see keys from " + firstKeys[row] + " on");
            }
            places[row] = lastKey(i) - firstKeys[row];
        }
        this.positions = Indices.of(places);
    }

    /** Every row is both query and key, and sees its own sequence from its beginning on. */
    public static Sequences of(int numSequences, int numRows) {
        return of(numSequences, new int[numRows]);
    }

    /**
     * Every row is both query and key.
     *
     * @param starts (B*T): the place in its sequence of the first token that a row sees, commonly its document's first
     */
    public static Sequences of(int numSequences, int[] starts) {
        if (numSequences < 1 || starts.length == 0 || starts.length % numSequences != 0) {
            throw new IllegalArgumentException(starts.length + " tokens are not " + numSequences + " equal sequences");
        }
        int length = starts.length / numSequences;
        return new Sequences(numSequences, length, length, starts);
    }

    /** Sequence {@code b} alone. */
    public Sequences only(int b) {
        return new Sequences(1, queryLength, keyLength, firstKeys(b));
    }

    /** B. */
    public int numSequences() {
        return numSequences;
    }

    /** B*T. */
    public int numRows() {
        return firstKeys.length;
    }

    /** T. */
    public int queryLength() {
        return queryLength;
    }

    /** S. */
    public int keyLength() {
        return keyLength;
    }

    /** The position of every query in its document, counted from 0: (B*T). */
    public Indices positions() {
        return positions;
    }

    /** The first key that each query of sequence {@code b} sees: (T). */
    public int[] firstKeys(int b) {
        return Arrays.copyOfRange(firstKeys, b * queryLength, (b + 1) * queryLength);
    }

    /** The first key that query {@code i} of sequence {@code b} sees. */
    public int firstKey(int b, int i) {
        return firstKeys[b * queryLength + i];
    }

    /** The key that query {@code i} is itself: the last one that it sees. */
    public int lastKey(int i) {
        return keyLength - queryLength + i;
    }
}
