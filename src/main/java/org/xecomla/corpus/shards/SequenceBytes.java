package org.xecomla.corpus.shards;

import java.util.Arrays;
import org.xecomla.corpus.tokenizer.TokenBytes;

/**
 * A sequence as bytes: the ids, then a bit a token where sequences have marks, and another where they have beginnings,
 * the first token's lowest.
 *
 * @param ids how ids are stored
 * @param marked whether marks are stored; without them all are true
 * @param bordered whether beginnings are stored; without them there are none
 */
record SequenceBytes(TokenBytes ids, boolean marked, boolean bordered) {
    /** Tokens {@code from} to {@code to} of longer arrays. */
    byte[] encode(int[] tokens, boolean[] marks, boolean[] begins, int from, int to) {
        byte[] first = ids.encode(tokens, from, to);
        int bytesOfBits = (to - from + 7) / 8;
        byte[] record = Arrays.copyOf(first, first.length + numBits() * bytesOfBits);
        if (marked) {
            putBits(marks, from, to, record, first.length);
        }
        if (bordered) {
            putBits(begins, from, to, record, record.length - bytesOfBits);
        }
        return record;
    }

    byte[] encode(TokenSequence tokens) {
        return encode(tokens.ids(), tokens.learned(), tokens.begins(), 0, tokens.ids().length);
    }

    TokenSequence decode(byte[] record) {
        // n ids of w bytes, and for each kind of bit n, filled up to a byte
        int n = record.length * 8 / (8 * ids.width() + numBits());
        int[] tokens = ids.decode(numBits() == 0 ? record : Arrays.copyOf(record, n * ids.width()));
        boolean[] begins = bordered ? bits(record, record.length - (n + 7) / 8, n) : new boolean[n];
        return marked
                ? new TokenSequence(tokens, bits(record, n * ids.width(), n), begins)
                : TokenSequence.of(tokens, begins);
    }

    private int numBits() {
        return (marked ? 1 : 0) + (bordered ? 1 : 0);
    }

    private static void putBits(boolean[] bits, int from, int to, byte[] record, int at) {
        for (int i = 0; i < to - from; i++) {
            if (bits[from + i]) {
                record[at + i / 8] |= (byte) (1 << i % 8);
            }
        }
    }

    private static boolean[] bits(byte[] record, int at, int n) {
        boolean[] bits = new boolean[n];
        for (int i = 0; i < n; i++) {
            bits[i] = (record[at + i / 8] >> i % 8 & 1) != 0;
        }
        return bits;
    }
}
