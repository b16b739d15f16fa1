package org.xecomla.nn;

import java.util.Arrays;
import org.xecomla.tensor.AttentionShape;

/**
 * What the rows of a batch are: row b * T + t is token t of sequence b, and sees the tokens of its own sequence from
 * its start on. Legend: B sequences, T time.
 *
 * @param numSequences B, all of one length
 * @param starts (B*T): the place in its sequence of the first token that a row sees, commonly its document's first;
 *     positions count from there
 */
public record Sequences(int numSequences, int[] starts) {
    public Sequences {
        if (numSequences < 1 || starts.length == 0 || starts.length % numSequences != 0) {
            throw new IllegalArgumentException(starts.length + " tokens are not " + numSequences + " equal sequences");
        }
    }

    /** Every token sees its whole sequence up to itself. */
    public static Sequences of(int numSequences, int numRows) {
        return new Sequences(numSequences, new int[numRows]);
    }

    int numRows() {
        return starts.length;
    }

    /** T. */
    int length() {
        return starts.length / numSequences;
    }

    /** Sequence {@code b} alone. */
    Sequences only(int b) {
        return new Sequences(1, Arrays.copyOfRange(starts, b * length(), (b + 1) * length()));
    }

    /** @throws IllegalArgumentException where a start lies behind its token or before that of the token before */
    AttentionShape attention(double scale) {
        return new AttentionShape(numSequences, length(), length(), scale, starts);
    }
}
