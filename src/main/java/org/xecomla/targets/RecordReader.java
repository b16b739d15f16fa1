package org.xecomla.targets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Takes a record apart: little-endian numbers, and integers of seven bits a byte, the lowest first (LEB128). */
final class RecordReader {
    private final ByteBuffer bytes;

    RecordReader(byte[] record) {
        bytes = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    }

    int getVarint() {
        int value = 0;
        int shift = 0;
        byte b;
        do {
            b = bytes.get();
            value |= (b & 0x7F) << shift;
            shift += 7;
        } while (b < 0);
        return value;
    }

    void getFloats(float[] target) {
        bytes.asFloatBuffer().get(target);
        bytes.position(bytes.position() + 4 * target.length);
    }

    /** The record must end here. */
    void end() {
        if (bytes.hasRemaining()) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes too many in a record of " + bytes.limit());
        }
    }
}
