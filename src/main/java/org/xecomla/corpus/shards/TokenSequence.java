package org.xecomla.corpus.shards;

import java.util.Arrays;
import java.util.List;

/**
 * T tokens in a row.
 *
 * @param ids (T)
 * @param learned (T): whether the prediction that is made at a position, of the token after it, counts in a loss
 * @param begins (T): whether attention and positions begin anew at a token, which is the first of a document; the first
 *     token of a sequence needs no mark
 */
public record TokenSequence(int[] ids, boolean[] learned, boolean[] begins) {
    public TokenSequence {
        if (ids.length != learned.length || ids.length != begins.length) {
            throw new IllegalArgumentException(
                    ids.length + " ids, " + learned.length + " marks, " + begins.length + " beginnings");
        }
    }

    /** Tokens that all see the whole sequence before them. */
    public TokenSequence(int[] ids, boolean[] learned) {
        this(ids, learned, new boolean[ids.length]);
    }

    /** Tokens of which all are learned and see the whole sequence before them. */
    public static TokenSequence of(int[] ids) {
        return of(ids, new boolean[ids.length]);
    }

    /** Tokens of which all are learned. */
    static TokenSequence of(int[] ids, boolean[] begins) {
        boolean[] learned = new boolean[ids.length];
        Arrays.fill(learned, true);
        return new TokenSequence(ids, learned, begins);
    }

    /** Consecutive sequences of one text as one. */
    public static TokenSequence joined(List<TokenSequence> parts) {
        int length = parts.stream().mapToInt(part -> part.ids.length).sum();
        TokenSequence all = new TokenSequence(new int[length], new boolean[length], new boolean[length]);
        int at = 0;
        for (TokenSequence part : parts) {
            System.arraycopy(part.ids, 0, all.ids, at, part.ids.length);
            System.arraycopy(part.learned, 0, all.learned, at, part.ids.length);
            System.arraycopy(part.begins, 0, all.begins, at, part.ids.length);
            at += part.ids.length;
        }
        return all;
    }

    /** Where the part of the sequence begins that a token sees: (T). */
    public int[] starts() {
        int[] starts = new int[ids.length];
        for (int t = 1; t < starts.length; t++) {
            starts[t] = begins[t] ? t : starts[t - 1];
        }
        return starts;
    }

    /** Whether the token after position {@code t} is in the sequence and sees it. */
    public boolean hasNext(int t) {
        return t + 1 < ids.length && !begins[t + 1];
    }
}
