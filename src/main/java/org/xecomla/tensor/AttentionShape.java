package org.xecomla.tensor;

/**
 * Shape of a causal attention: {@code numSequences} sequences, each with {@code queryLength} query rows and
 * {@code keyLength} key rows. Query i of a sequence is at position {@code keyLength - queryLength + i} and sees the keys
 * up to and including that position.
 *
 * @param scale factor on the scores before the softmax, commonly headDim^-0.5
 */
public record AttentionShape(int numSequences, int queryLength, int keyLength, double scale) {
    public AttentionShape {
        if (numSequences < 1 || queryLength < 1 || keyLength < queryLength) {
            throw new IllegalArgumentException(
                    numSequences + " sequences of " + queryLength + " queries over " + keyLength + " keys");
        }
    }

    /** Training: every position is both query and key. */
    public static AttentionShape training(int numSequences, int length, double scale) {
        return new AttentionShape(numSequences, length, length, scale);
    }
}
