package org.xecomla.corpus;

import java.util.Arrays;

/** A growing array of token ids. */
final class TokenBuffer {
    private int[] ids = new int[1 << 16];
    private int length;

    void add(int[] tokens) {
        if (length + tokens.length > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(Math.addExact(length, tokens.length), Math.multiplyExact(ids.length, 2)));
        }
        System.arraycopy(tokens, 0, ids, length, tokens.length);
        length += tokens.length;
    }

    int length() {
        return length;
    }

    /** The ids from 0 to {@link #length}; longer than that. */
    int[] array() {
        return ids;
    }
}
