package org.xecomla.corpus;

import java.util.Arrays;

/**
 * T tokens in a row.
 *
 * @param ids (T)
 * @param learned (T): whether the prediction that is made at a position, of the token after it, counts in a loss
 */
public record TokenSequence(int[] ids, boolean[] learned) {
    public TokenSequence {
        if (ids.length != learned.length) {
            throw new IllegalArgumentException(ids.length + " ids, " + learned.length + " marks");
        }
    }

    /** Tokens of which all are learned. */
    public static TokenSequence of(int[] ids) {
        boolean[] learned = new boolean[ids.length];
        Arrays.fill(learned, true);
        return new TokenSequence(ids, learned);
    }
}
