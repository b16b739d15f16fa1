package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;

/** Shards whose numbers lie, under checksums that are right: one line, and no memory taken for what is not there. */
class ForgedShardTest {
    private static final int NUM_RECORDS = 9;
    private static final int PER_BLOCK = 4;

    @TempDir
    java.nio.file.Path directory;

    private Path file;
    private byte[] sound;

    @BeforeEach
    void write() throws IOException {
        file = ShardDirectory.file(DataFiles.path(directory.toString()), "things", 0);
        ShardHeader header = ShardHeader.of(
                "things", new ShardPlan(NUM_RECORDS, NUM_RECORDS), 0, PER_BLOCK, Map.of("size", "3"), Map.of());
        ShardWriter.write(file, header, shard -> {
            for (int i = 0; i < NUM_RECORDS; i++) {
                shard.add(new byte[] {1, 2, 3, (byte) i});
            }
        });
        sound = Files.readAllBytes(java.nio.file.Path.of(file.toUri().getPath()));
    }

    /** Reads all of it; empty: without a word. */
    private String complaint(byte[] forged) throws IOException {
        Files.write(java.nio.file.Path.of(file.toUri().getPath()), forged);
        try (ShardReader reader = ShardReader.open(file)) {
            for (int i = 0; i < NUM_RECORDS; i++) {
                reader.read(i);
            }
            return "";
        } catch (UserException e) {
            return e.getMessage();
        }
    }

    private static int indexOffset(byte[] shard) {
        return (int) ShardFormat.wrap(shard).getLong(shard.length - ShardFormat.TRAILER_BYTES);
    }

    /** The same shard with the checksums of index and trailer as they now must be. */
    private static byte[] signed(byte[] shard) {
        ByteBuffer bytes = ShardFormat.wrap(shard);
        int trailer = shard.length - ShardFormat.TRAILER_BYTES;
        int index = indexOffset(shard);
        if (index >= 0 && index < trailer) {
            bytes.putInt(trailer + 12, ShardFormat.crc32c(shard, index, trailer - index));
        }
        bytes.putInt(trailer + 24, ShardFormat.crc32c(shard, trailer, 24));
        return shard;
    }

    @Test
    void everyNumberOfIndexAndTrailerMayLie() throws IOException {
        int from = indexOffset(sound);
        int numRefused = 0;
        for (int at = from; at <= sound.length - 12; at += 4) {
            for (int value : new int[] {0, 1, -1, 7, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                byte[] forged = sound.clone();
                ShardFormat.wrap(forged).putInt(at, value);
                String complaint = complaint(signed(forged));
                assertTrue(complaint.isEmpty() || complaint.contains("things-00000.shard"), complaint);
                numRefused += complaint.isEmpty() ? 0 : 1;
            }
        }
        assertTrue(numRefused > 100, "refused " + numRefused);
    }

    /** A header of other text, in the place of the first: what follows is moved. */
    private byte[] withHeader(String json) {
        int headerBytes = ShardFormat.PREAMBLE_BYTES + ShardFormat.wrap(sound).getInt(12) + ShardFormat.CRC_BYTES;
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        int moved = ShardFormat.PREAMBLE_BYTES + text.length + ShardFormat.CRC_BYTES - headerBytes;
        ByteBuffer forged = ShardFormat.buffer(sound.length + moved);
        forged.put(sound, 0, 12).putInt(text.length).put(text);
        forged.putInt(ShardFormat.crc32c(forged.array(), 0, forged.position()));
        forged.put(sound, headerBytes, sound.length - headerBytes);
        int trailer = forged.capacity() - ShardFormat.TRAILER_BYTES;
        int index = indexOffset(sound) + moved;
        forged.putLong(trailer, index).putLong(trailer + 16, forged.capacity());
        for (int at = index; at < trailer - ShardFormat.DIGEST_BYTES; at += ShardFormat.INDEX_ENTRY_BYTES) {
            forged.putLong(at, forged.getLong(at) + moved);
        }
        return signed(forged.array());
    }

    @Test
    void theHeaderMayLie() throws IOException {
        String sizes = "\"num-sequences\":9,\"sequences-per-shard\":9,\"shard\":0,\"records-per-block\":4";
        assertEquals("", complaint(withHeader("{\"kind\":\"things\"," + sizes + ",\"settings\":{},\"inputs\":{}}")));
        for (String json : List.of(
                "null",
                "[]",
                "{",
                "{}",
                "{\"kind\":\"things\"," + sizes + ",\"settings\":null,\"inputs\":{}}",
                "{\"kind\":\"things\"," + sizes + ",\"settings\":{\"a\":null},\"inputs\":{}}",
                "{\"kind\":\"things\"," + sizes + ",\"settings\":[1],\"inputs\":{}}",
                "{\"kind\":\"things\"," + sizes.replace(":9", ":9000000000000") + ",\"settings\":{},\"inputs\":{}}",
                "{\"kind\":\"things\"," + sizes.replace(":4", ":2147483647") + ",\"settings\":{},\"inputs\":{}}",
                "{\"kind\":\"things\"," + sizes.replace(":4", ":0") + ",\"settings\":{},\"inputs\":{}}",
                "{\"kind\":\"things\"," + sizes.replace("\"shard\":0", "\"shard\":-1")
                        + ",\"settings\":{},\"inputs\":{}}")) {
            String complaint = complaint(withHeader(json));
            assertTrue(complaint.contains("things-00000.shard"), json + ": " + complaint);
        }
    }

    /** 100 MB of nothing in some bytes: refused before memory is taken. */
    @Test
    void aBombIsNotUnpacked() throws IOException {
        byte[] packed = Zstd.compress(new byte[100 << 20], 1);
        int blockAt = (int) ShardFormat.wrap(sound).getLong(indexOffset(sound));
        ByteBuffer forged = ShardFormat.buffer(blockAt
                + packed.length
                + ShardFormat.INDEX_ENTRY_BYTES
                + ShardFormat.DIGEST_BYTES
                + ShardFormat.TRAILER_BYTES);
        forged.put(sound, 0, blockAt).put(packed);
        int index = forged.position();
        forged.putLong(blockAt)
                .putInt(packed.length)
                .putInt(100 << 20)
                .putInt(ShardFormat.crc32c(packed, 0, packed.length))
                .put(new byte[ShardFormat.DIGEST_BYTES]);
        forged.putLong(index)
                .putInt(ShardFormat.INDEX_ENTRY_BYTES + ShardFormat.DIGEST_BYTES)
                .putInt(0)
                .putLong(forged.capacity())
                .putInt(0)
                .putInt(ShardFormat.END_MAGIC);
        sound = signed(forged.array());
        byte[] oneBlock = withHeader("{\"kind\":\"things\",\"num-sequences\":9,\"sequences-per-shard\":9,\"shard\":0,"
                + "\"records-per-block\":9,\"settings\":{},\"inputs\":{}}");
        String complaint = complaint(oneBlock);
        assertTrue(complaint.contains("would have " + (100 << 20) + " unpacked"), complaint);
    }

    @Test
    void aDirectoryOfManyShardsKeepsFewOpen() throws IOException {
        int numShards = 400;
        for (int shard = 0; shard < numShards; shard++) {
            ShardHeader header = ShardHeader.of("many", new ShardPlan(numShards, 1), shard, 1, Map.of(), Map.of());
            ShardWriter.write(
                    ShardDirectory.file(DataFiles.path(directory.toString()), "many", shard),
                    header,
                    writer -> writer.add(new byte[] {7}));
        }
        long before = openFiles();
        try (ShardDirectory shards = ShardDirectory.open(DataFiles.path(directory.toString()), "many")) {
            for (int round = 0; round < 2; round++) {
                for (int s = 0; s < numShards; s++) {
                    assertEquals(7, shards.read((long) s * 7 % numShards)[0]);
                }
            }
            assertTrue(openFiles() - before < 200, "open: " + (openFiles() - before));
        }
        assertTrue(openFiles() - before < 20, "left open: " + (openFiles() - before));
        assertThrows(UserException.class, () -> ShardDirectory.open(DataFiles.path(directory.toString()), "none"));
    }

    private static long openFiles() throws IOException {
        try (var open = Files.list(java.nio.file.Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
