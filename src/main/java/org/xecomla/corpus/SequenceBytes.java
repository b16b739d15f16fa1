package org.xecomla.corpus;

import java.util.Arrays;

/**
 * A sequence as bytes: the ids, then a bit a token where sequences have marks, the first token's lowest.
 *
 * @param ids how ids are stored
 * @param marked whether marks are stored; without them all are true
 */
record SequenceBytes(TokenBytes ids, boolean marked) {
    byte[] encode(int[] tokens, boolean[] marks, int from, int to) {
        byte[] first = ids.encode(tokens, from, to);
        if (!marked) {
            return first;
        }
        byte[] record = Arrays.copyOf(first, first.length + (to - from + 7) / 8);
        for (int i = 0; i < to - from; i++) {
            if (marks[from + i]) {
                record[first.length + i / 8] |= (byte) (1 << i % 8);
            }
        }
        return record;
    }

    TokenSequence decode(byte[] record) {
        if (!marked) {
            return TokenSequence.of(ids.decode(record));
        }
        // n ids of w bytes and n bits, filled up to a byte
        int n = record.length * 8 / (8 * ids.width() + 1);
        int[] tokens = ids.decode(Arrays.copyOf(record, n * ids.width()));
        boolean[] marks = new boolean[n];
        for (int i = 0; i < n; i++) {
            marks[i] = (record[n * ids.width() + i / 8] >> i % 8 & 1) != 0;
        }
        return new TokenSequence(tokens, marks);
    }
}
