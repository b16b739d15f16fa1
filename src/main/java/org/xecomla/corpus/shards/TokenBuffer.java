package org.xecomla.corpus.shards;

import java.util.Arrays;
import org.xecomla.corpus.tokenizer.MaskedTokens;

/** A growing array of token ids, marks and beginnings of documents. */
final class TokenBuffer {
    private int[] ids = new int[1 << 16];
    private boolean[] counted = new boolean[1 << 16];
    private boolean[] begins = new boolean[1 << 16];
    private int length;
    private int numCounted;

    /** Adds a document. */
    void add(MaskedTokens tokens) {
        int count = tokens.ids().length;
        if (length + count > ids.length) {
            int capacity = Math.max(Math.addExact(length, count), Math.multiplyExact(ids.length, 2));
            ids = Arrays.copyOf(ids, capacity);
            counted = Arrays.copyOf(counted, capacity);
            begins = Arrays.copyOf(begins, capacity);
        }
        if (count > 0) {
            begins[length] = true;
        }
        System.arraycopy(tokens.ids(), 0, ids, length, count);
        System.arraycopy(tokens.counted(), 0, counted, length, count);
        for (boolean mark : tokens.counted()) {
            numCounted += mark ? 1 : 0;
        }
        length += count;
    }

    int length() {
        return length;
    }

    int numCounted() {
        return numCounted;
    }

    /** The ids from 0 to {@link #length}; longer than that. */
    int[] ids() {
        return ids;
    }

    /** The marks from 0 to {@link #length}; longer than that. */
    boolean[] counted() {
        return counted;
    }

    /** Whether a document begins, from 0 to {@link #length}; longer than that. */
    boolean[] begins() {
        return begins;
    }
}
