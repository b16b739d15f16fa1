package org.xecomla.formats.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Bytes of a header as they are gathered. */
final class LittleEndian {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void bytes(byte[] bytes) {
        out.writeBytes(bytes);
    }

    void u8(int value) {
        out.write(value);
    }

    void u32(int value) {
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            out.write(value >>> shift);
        }
    }

    void u64(long value) {
        u32((int) value);
        u32((int) (value >>> Integer.SIZE));
    }

    void f32(float value) {
        u32(Float.floatToRawIntBits(value));
    }

    /** Its length in bytes, then UTF-8. */
    void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        u64(bytes.length);
        bytes(bytes);
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}
