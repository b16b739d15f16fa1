package org.xecomla.files;

import java.nio.ByteBuffer;

/** Gives bytes that look like a shard the checksums that they would have, so that what is behind these is read. */
public final class ShardSeal {
    private ShardSeal() {}

    /** The same bytes with right checksums wherever the parts lie inside of them. */
    public static byte[] sealed(byte[] shard) {
        byte[] bytes = shard.clone();
        ByteBuffer file = ShardFormat.wrap(bytes);
        int trailerAt = bytes.length - ShardFormat.TRAILER_BYTES;
        if (trailerAt < 0) {
            return bytes;
        }
        long indexAt = file.getLong(trailerAt);
        int indexLength = file.getInt(trailerAt + 8);
        if (isInside(indexAt, indexLength, bytes)) {
            sealBlocks(file, (int) indexAt, indexLength);
            file.putInt(trailerAt + 12, ShardFormat.crc32c(bytes, (int) indexAt, indexLength));
        }
        int crcAt = bytes.length - 2 * ShardFormat.CRC_BYTES;
        file.putInt(crcAt, ShardFormat.crc32c(bytes, trailerAt, crcAt - trailerAt));
        file.putInt(crcAt + ShardFormat.CRC_BYTES, ShardFormat.END_MAGIC);
        return bytes;
    }

    private static boolean isInside(long at, int length, byte[] bytes) {
        return at >= 0 && length >= 0 && at <= bytes.length - (long) length;
    }

    private static void sealBlocks(ByteBuffer file, int indexAt, int indexLength) {
        byte[] bytes = file.array();
        int numBlocks = Math.max(0, indexLength - ShardFormat.DIGEST_BYTES) / ShardFormat.INDEX_ENTRY_BYTES;
        for (int i = 0; i < numBlocks; i++) {
            int entry = indexAt + i * ShardFormat.INDEX_ENTRY_BYTES;
            long at = file.getLong(entry);
            int length = file.getInt(entry + 8);
            if (isInside(at, length, bytes)) {
                file.putInt(entry + 16, ShardFormat.crc32c(bytes, (int) at, length));
            }
            if (i == 0 && isInside(0, (int) Math.min(at, Integer.MAX_VALUE), bytes) && at > ShardFormat.CRC_BYTES) {
                int crcAt = (int) at - ShardFormat.CRC_BYTES; // of the header, which ends where the blocks begin
                file.putInt(crcAt, ShardFormat.crc32c(bytes, 0, crcAt));
            }
        }
    }
}
