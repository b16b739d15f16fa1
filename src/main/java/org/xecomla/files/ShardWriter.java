package org.xecomla.files;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * Writes one shard: numbered records in zstd blocks, with checksums and an index (see {@link ShardFormat}). Equal
 * records under an equal header give equal bytes.
 */
public final class ShardWriter {
    private static final int COMPRESSION_LEVEL = 1;

    private final OutputStream out;
    private final ShardHeader header;
    private final MessageDigest digest = DataFiles.newSha256();
    private final List<byte[]> pending = new ArrayList<>();
    private final List<ShardFormat.Block> blocks = new ArrayList<>();
    private long position;
    private long numRecords;

    private ShardWriter(OutputStream out, ShardHeader header) {
        this.out = out;
        this.header = header;
    }

    /** Adds all records of a shard, in the order of their sequence numbers. */
    @FunctionalInterface
    public interface Body {
        void writeTo(ShardWriter shard) throws IOException;
    }

    /**
     * Writes the shard {@linkplain DataFiles#writeAtomically atomically}.
     *
     * @return its digest: SHA-256 of header and records, whatever the compression
     */
    public static String write(Path file, ShardHeader header, Body body) {
        String[] digest = new String[1];
        DataFiles.writeAtomically(file, out -> {
            ShardWriter writer = new ShardWriter(out, header);
            writer.begin();
            body.writeTo(writer);
            digest[0] = writer.end();
        });
        return digest[0];
    }

    /** Adds the record of the next sequence. The array must not be changed afterwards. */
    public void add(byte[] record) {
        if (numRecords == header.numSequences()) {
            throw new IllegalStateException("the shard has " + numRecords + " records and one more is added");
        }
        byte[] length = ShardFormat.buffer(4).putInt(record.length).array();
        digest.update(length);
        digest.update(record);
        pending.add(record);
        numRecords++;
        if (pending.size() == header.recordsPerBlock()) {
            writeBlock();
        }
    }

    private void begin() throws IOException {
        byte[] json = header.toJson();
        ByteBuffer head = ShardFormat.buffer(ShardFormat.PREAMBLE_BYTES + json.length + ShardFormat.CRC_BYTES)
                .putLong(ShardFormat.MAGIC)
                .putInt(ShardFormat.VERSION)
                .putInt(json.length)
                .put(json);
        head.putInt(ShardFormat.crc32c(head.array(), 0, head.position()));
        write(head.array());
        digest.update(json);
    }

    private void writeBlock() {
        long unpacked = pending.size() * 4L;
        for (byte[] record : pending) {
            unpacked += record.length;
        }
        if (unpacked > ShardFormat.MAX_BLOCK_BYTES) {
            throw new IllegalStateException(
                    "a block of " + unpacked + " bytes is above " + ShardFormat.MAX_BLOCK_BYTES);
        }
        ByteBuffer block = ShardFormat.buffer((int) unpacked);
        pending.forEach(record -> block.putInt(record.length));
        pending.forEach(block::put);
        pending.clear();
        byte[] packed = Zstd.compress(block.array(), COMPRESSION_LEVEL);
        blocks.add(new ShardFormat.Block(
                position, packed.length, (int) unpacked, ShardFormat.crc32c(packed, 0, packed.length)));
        write(packed);
    }

    private String end() {
        if (numRecords != header.numSequences()) {
            throw new IllegalStateException(
                    "the shard has " + numRecords + " records and its header says " + header.numSequences());
        }
        if (!pending.isEmpty()) {
            writeBlock();
        }
        byte[] sha256 = digest.digest();
        ByteBuffer index = ShardFormat.buffer(blocks.size() * ShardFormat.INDEX_ENTRY_BYTES + ShardFormat.DIGEST_BYTES);
        for (ShardFormat.Block block : blocks) {
            index.putLong(block.offset())
                    .putInt(block.length())
                    .putInt(block.unpackedLength())
                    .putInt(block.crc());
        }
        index.put(sha256);
        ByteBuffer trailer = ShardFormat.buffer(ShardFormat.TRAILER_BYTES)
                .putLong(position)
                .putInt(index.capacity())
                .putInt(ShardFormat.crc32c(index.array(), 0, index.capacity()))
                .putLong(position + index.capacity() + ShardFormat.TRAILER_BYTES);
        trailer.putInt(ShardFormat.crc32c(trailer.array(), 0, trailer.position()))
                .putInt(ShardFormat.END_MAGIC);
        write(index.array());
        write(trailer.array());
        return HexFormat.of().formatHex(sha256);
    }

    private void write(byte[] bytes) {
        try {
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        position += bytes.length;
    }
}
