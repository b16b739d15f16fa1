package org.xecomla.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The bytes of a shard file; all integers little-endian. Every byte is under a checksum, or compared with what it must
 * be.
 *
 * <pre>
 * preamble   magic "XECOSHRD" (8), format version (4), length of the header (4)
 * header     JSON of {@link ShardHeader}, then CRC32C of everything so far (4)
 * blocks     zstd frames; inside: length of each record (4 each), then the records
 * index      for each block: offset (8), bytes in the file (4), bytes unpacked (4), CRC32C of the bytes in the file
 *            (4); then SHA-256 of the header's JSON and of all records with their lengths (32)
 * trailer    offset of the index (8), its length (4), its CRC32C (4), length of the file (8), CRC32C of the trailer so
 *            far (4), magic "XEND" (4)
 * </pre>
 */
final class ShardFormat {
    static final long MAGIC = 0x4452_4853_4F43_4558L; // "XECOSHRD"
    static final int END_MAGIC = 0x444E_4558; // "XEND"
    static final int VERSION = 1;
    static final int PREAMBLE_BYTES = 16;
    static final int CRC_BYTES = 4;
    static final int INDEX_ENTRY_BYTES = 20;
    static final int DIGEST_BYTES = 32;
    static final int TRAILER_BYTES = 32;
    static final int MAX_BLOCK_BYTES = 1 << 30;

    /** Where a block lies. */
    record Block(long offset, int length, int unpackedLength, int crc) {}

    private ShardFormat() {}

    static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static int crc32c(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}
