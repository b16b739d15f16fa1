package org.xecomla.files;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;

/**
 * Random access to the records of one shard. Opening reads and checks header and index, reading a record checks its
 * block; a flipped, missing or added byte anywhere is a {@link UserException} naming file and place. Thread-safe.
 */
public final class ShardReader implements AutoCloseable {
    /** A block above this, of which nothing would be left when packed, was made to fill memory. */
    private static final int LARGE_BLOCK_BYTES = 64 << 20;

    private static final int MOST_SHRUNK = 1000;

    private final RandomReader file;
    private final ShardHeader header;
    private final List<ShardFormat.Block> blocks;
    private final String digest;
    private volatile Unpacked last; // reads go mostly forward, and a block holds many records

    private record Unpacked(int block, byte[] bytes) {}

    private ShardReader(RandomReader file, ShardHeader header, List<ShardFormat.Block> blocks, String digest) {
        this.file = file;
        this.header = header;
        this.blocks = blocks;
        this.digest = digest;
    }

    public static ShardReader open(Path path) {
        return open(DataFiles.open(path));
    }

    /** @param file closed with this, and where it is no shard */
    static ShardReader open(RandomReader file) {
        try {
            return opened(file);
        } catch (UserException e) {
            file.close();
            throw e;
        } catch (IndexOutOfBoundsException | BufferUnderflowException | IllegalArgumentException e) {
            // Right checksums over what cannot be: nobody of us has written that.
            file.close();
            throw new UserException(
                    DataFiles.display(file.path()) + " is no shard of this program: its parts do not fit each other",
                    e);
        }
    }

    private static ShardReader opened(RandomReader file) {
        ByteBuffer trailer = trailer(file);
        long indexOffset = trailer.getLong();
        int indexLength = trailer.getInt();
        int indexCrc = trailer.getInt();
        long missing = trailer.getLong() - file.length();
        byte[] index = read(file, indexOffset - missing, indexLength, "index");
        if (ShardFormat.crc32c(index, 0, indexLength) != indexCrc) {
            throw damaged(file, "its index", indexOffset - missing, indexLength);
        }
        List<ShardFormat.Block> blocks = new ArrayList<>();
        ByteBuffer entries = ShardFormat.wrap(index);
        while (entries.remaining() > ShardFormat.DIGEST_BYTES) {
            blocks.add(new ShardFormat.Block(entries.getLong(), entries.getInt(), entries.getInt(), entries.getInt()));
        }
        byte[] digest = new byte[ShardFormat.DIGEST_BYTES];
        entries.get(digest);
        ShardHeader header = header(file, blocks.get(0).offset());
        if (header.numBlocks() != blocks.size()) {
            throw new IllegalArgumentException(blocks.size() + " blocks, not " + header.numBlocks());
        }
        ShardReader reader = new ShardReader(
                file, header, List.copyOf(blocks), HexFormat.of().formatHex(digest));
        if (missing != 0) {
            throw reader.wrongLength(missing);
        }
        return reader;
    }

    private static ByteBuffer trailer(RandomReader file) {
        int length = ShardFormat.TRAILER_BYTES;
        byte[] bytes = read(file, file.length() - length, length, "end");
        ByteBuffer trailer = ShardFormat.wrap(bytes);
        int crcAt = length - 2 * ShardFormat.CRC_BYTES;
        if (trailer.getInt(crcAt + ShardFormat.CRC_BYTES) != ShardFormat.END_MAGIC
                || trailer.getInt(crcAt) != ShardFormat.crc32c(bytes, 0, crcAt)) {
            throw damaged(file, "its end", file.length() - length, length);
        }
        return trailer;
    }

    private static ShardHeader header(RandomReader file, long length) {
        if (length < ShardFormat.PREAMBLE_BYTES + ShardFormat.CRC_BYTES || length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a header of " + length + " bytes");
        }
        byte[] bytes = read(file, 0, (int) length, "header");
        ByteBuffer head = ShardFormat.wrap(bytes);
        int crcAt = bytes.length - ShardFormat.CRC_BYTES;
        if (crcAt < ShardFormat.PREAMBLE_BYTES || head.getInt(crcAt) != ShardFormat.crc32c(bytes, 0, crcAt)) {
            throw damaged(file, "its header", 0, length);
        }
        if (head.getLong(0) != ShardFormat.MAGIC || head.getInt(8) != ShardFormat.VERSION) {
            throw new UserException(DataFiles.display(file.path()) + " is a shard of format version " + head.getInt(8)
                    + ", this program reads version " + ShardFormat.VERSION + ": make the shards again");
        }
        if (head.getInt(12) != crcAt - ShardFormat.PREAMBLE_BYTES) {
            throw new IllegalArgumentException("a header of " + head.getInt(12) + " bytes");
        }
        byte[] json = new byte[head.getInt(12)];
        head.get(ShardFormat.PREAMBLE_BYTES, json);
        try {
            return ShardHeader.parse(json);
        } catch (IOException | IllegalArgumentException | ConfigException e) {
            throw new UserException(DataFiles.display(file.path()) + " has a header that is not understood", e);
        }
    }

    private static byte[] read(RandomReader file, long offset, int length, String what) {
        if (offset < 0 || length < 0 || offset > file.length() - length) {
            throw new UserException(DataFiles.display(file.path()) + " is no shard or only a part of one: it has "
                    + file.length() + " bytes and no " + what + "; delete it and run its stage again");
        }
        byte[] bytes = new byte[length];
        file.readFully(offset, bytes, 0, length);
        return bytes;
    }

    private static UserException damaged(RandomReader file, String part, long offset, long length) {
        return new UserException(DataFiles.display(file.path()) + " is damaged in " + part + " (bytes " + offset
                + " to " + (offset + length - 1)
                + "): the checksum does not match; delete the file and run its stage again");
    }

    public ShardHeader header() {
        return header;
    }

    /** SHA-256 of header and records. */
    public String digest() {
        return digest;
    }

    /** The record of sequence {@code sequence}, which must be one of this shard's. */
    public byte[] read(long sequence) {
        long place = sequence - header.firstSequence();
        if (place < 0 || place >= header.numSequences()) {
            throw new IndexOutOfBoundsException("sequence " + sequence + " is not in shard " + header.shard());
        }
        int block = (int) (place / header.recordsPerBlock());
        ByteBuffer records = ShardFormat.wrap(unpacked(block));
        int inBlock = (int) (place % header.recordsPerBlock());
        long at = header.numRecordsOf(block) * 4L;
        if (at <= records.limit()) {
            for (int i = 0; i < inBlock; i++) {
                at += Math.max(0, records.getInt(4 * i));
            }
            int length = records.getInt(4 * inBlock);
            if (length >= 0 && at <= records.limit() - length) {
                byte[] record = new byte[length];
                records.get((int) at, record);
                return record;
            }
        }
        throw new UserException(DataFiles.display(file.path()) + " is no shard of this program: the records of block "
                + block + " do not fit into it");
    }

    /** Reads every block and compares every checksum. */
    public void verify() {
        for (int i = 0; i < blocks.size(); i++) {
            unpack(i, 0);
        }
    }

    private byte[] unpacked(int block) {
        Unpacked held = last;
        if (held == null || held.block() != block) {
            held = new Unpacked(block, unpack(block, 0));
            last = held;
        }
        return held.bytes();
    }

    private byte[] unpack(int number, long missing) {
        ShardFormat.Block block = blocks.get(number);
        long first = header.firstSequence() + (long) number * header.recordsPerBlock();
        String part =
                "block " + number + " (sequences " + first + " to " + (first + header.numRecordsOf(number) - 1) + ")";
        if (missing > 0 && block.offset() + block.length() > file.length()) {
            throw damaged(file, part, block.offset(), block.length());
        }
        byte[] packed = read(file, block.offset(), block.length(), part);
        if (ShardFormat.crc32c(packed, 0, packed.length) != block.crc()) {
            throw damaged(file, part, block.offset(), block.length());
        }
        requireLikely(block, packed, part);
        try {
            byte[] bytes = new byte[block.unpackedLength()];
            if (Zstd.decompressByteArray(bytes, 0, bytes.length, packed, 0, packed.length) == bytes.length) {
                return bytes;
            }
        } catch (ZstdException e) {
            throw new UserException(DataFiles.display(file.path()) + " cannot be unpacked in " + part, e);
        }
        throw damaged(file, part, block.offset(), block.length());
    }

    /** Asks what the frame itself says, before memory is taken for it. */
    private void requireLikely(ShardFormat.Block block, byte[] packed, String part) {
        int length = block.unpackedLength();
        boolean bomb = length > LARGE_BLOCK_BYTES && length / MOST_SHRUNK > packed.length;
        boolean impossible = length < 0 || length > ShardFormat.MAX_BLOCK_BYTES || packed.length == 0;
        if (impossible || bomb || Zstd.decompressedSize(packed) != length) {
            throw new UserException(DataFiles.display(file.path()) + " is no shard of this program: " + part + " has "
                    + packed.length + " bytes and would have " + length + " unpacked");
        }
    }

    /** Bytes are missing or too many: the first block that no longer fits its checksum is where. */
    private UserException wrongLength(long missing) {
        for (int i = 0; i < blocks.size(); i++) {
            try {
                unpack(i, missing);
            } catch (UserException e) {
                return e;
            }
        }
        return new UserException(DataFiles.display(file.path()) + " is damaged behind its blocks: it has "
                + file.length() + " bytes, not " + (file.length() + missing)
                + "; delete the file and run its stage again");
    }

    @Override
    public void close() {
        file.close();
    }
}
