package org.xecomla.tensor;

/**
 * Shape of a causal attention: {@code numSequences} sequences, each with {@code queryLength} query rows and
 * {@code keyLength} key rows. Query i of a sequence is at position {@code keyLength - queryLength + i} and sees the
 * keys from the first one of its document up to and including that position.
 *
 * @param scale factor on the scores before the softmax, commonly headDim^-0.5
 * @param firstKeys (numSequences * queryLength): the place in its sequence of the first key that a query sees; never
 *     falling within a sequence
 */
public record AttentionShape(int numSequences, int queryLength, int keyLength, double scale, int[] firstKeys) {
    public AttentionShape {
        if (numSequences < 1 || queryLength < 1 || keyLength < queryLength) {
            throw new IllegalArgumentException(
                    numSequences + " sequences of " + queryLength + " queries over " + keyLength + " keys");
        }
        if (firstKeys.length != numSequences * queryLength) {
            throw new IllegalArgumentException(
                    firstKeys.length + " first keys for " + numSequences + " sequences of " + queryLength + " queries");
        }
        for (int row = 0; row < firstKeys.length; row++) {
            int i = row % queryLength;
            boolean falls = i > 0 && firstKeys[row - 1] > firstKeys[row];
            if (falls || firstKeys[row] < 0 || firstKeys[row] > keyLength - queryLength + i) {
                throw new IllegalArgumentException("query " + i + " cannot see keys from " + firstKeys[row] + " on");
            }
        }
    }

    /** Every query sees its sequence from the beginning. */
    public AttentionShape(int numSequences, int queryLength, int keyLength, double scale) {
        this(numSequences, queryLength, keyLength, scale, new int[numSequences * queryLength]);
    }

    /** Training: every position is both query and key. */
    public static AttentionShape training(int numSequences, int length, double scale) {
        return new AttentionShape(numSequences, length, length, scale);
    }

    /** The position of every query in its document, counted from 0: (numSequences * queryLength). */
    public int[] positions() {
        int[] positions = new int[firstKeys.length];
        for (int row = 0; row < positions.length; row++) {
            positions[row] = lastKey(row % queryLength) - firstKeys[row];
        }
        return positions;
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
