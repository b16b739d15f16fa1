package org.xecomla.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Scalars in the format of TensorBoard's event files: TFRecord frames, each an {@code Event} message of protocol
 * buffers. Collected in memory; {@link #toBytes} is a whole file.
 */
public final class TensorBoardEvents {
    private static final String VERSION = "brain.Event:2";
    private static final int MASK_DELTA = 0xa282ead8; // TFRecord's, so that a checksum of checksums is none

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream file = new ByteArrayOutputStream();

    /** @param seconds since 1970 at which the file begins */
    public TensorBoardEvents(double seconds) {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        writeDouble(event, 1, seconds);
        writeBytes(event, 3, VERSION.getBytes(StandardCharsets.UTF_8));
        writeRecord(event.toByteArray());
    }

    /** Adds the values of one step, each under its name. */
    public void add(double seconds, long step, Map<String, Double> values) {
        ByteArrayOutputStream summary = new ByteArrayOutputStream();
        values.forEach((name, value) -> {
            ByteArrayOutputStream scalar = new ByteArrayOutputStream();
            writeBytes(scalar, 1, name.getBytes(StandardCharsets.UTF_8));
            writeFloat(scalar, 2, value.floatValue());
            writeBytes(summary, 1, scalar.toByteArray());
        });
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        writeDouble(event, 1, seconds);
        writeKey(event, 2, VARINT);
        writeVarint(event, step);
        writeBytes(event, 5, summary.toByteArray());
        writeRecord(event.toByteArray());
    }

    public byte[] toBytes() {
        return file.toByteArray();
    }

    /** Length, its checksum, the message, its checksum. */
    private void writeRecord(byte[] message) {
        byte[] length = little(Long.BYTES).putLong(message.length).array();
        file.writeBytes(length);
        file.writeBytes(little(Integer.BYTES).putInt(maskedChecksum(length)).array());
        file.writeBytes(message);
        file.writeBytes(little(Integer.BYTES).putInt(maskedChecksum(message)).array());
    }

    private static int maskedChecksum(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    // ---- protocol buffers ----

    private static void writeKey(ByteArrayOutputStream out, int field, int wireType) {
        writeVarint(out, field << 3 | wireType);
    }

    private static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static void writeDouble(ByteArrayOutputStream out, int field, double value) {
        writeKey(out, field, FIXED64);
        out.writeBytes(little(Double.BYTES).putDouble(value).array());
    }

    private static void writeFloat(ByteArrayOutputStream out, int field, float value) {
        writeKey(out, field, FIXED32);
        out.writeBytes(little(Float.BYTES).putFloat(value).array());
    }

    private static void writeBytes(ByteArrayOutputStream out, int field, byte[] bytes) {
        writeKey(out, field, LENGTH_DELIMITED);
        writeVarint(out, bytes.length);
        out.writeBytes(bytes);
    }
}
