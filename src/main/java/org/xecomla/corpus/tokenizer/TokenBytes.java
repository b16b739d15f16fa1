package org.xecomla.corpus.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Token ids as bytes, little-endian: 16 bits where the vocabulary allows, else 32. */
public enum TokenBytes {
    U16(2),
    U32(4);

    private final int width;

    TokenBytes(int width) {
        this.width = width;
    }

    public static TokenBytes of(int vocabSize) {
        return vocabSize <= 1 << 16 ? U16 : U32;
    }

    public int width() {
        return width;
    }

    public byte[] encode(int[] ids, int from, int to) {
        ByteBuffer bytes = ByteBuffer.allocate((to - from) * width).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = from; i < to; i++) {
            if (this == U16) {
                bytes.putShort((short) ids[i]);
            } else {
                bytes.putInt(ids[i]);
            }
        }
        return bytes.array();
    }

    public int[] decode(byte[] record) {
        ByteBuffer bytes = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        int[] ids = new int[record.length / width];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = this == U16 ? bytes.getShort() & 0xFFFF : bytes.getInt();
        }
        return ids;
    }
}
