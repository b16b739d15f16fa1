package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.errors.UserException;

class ShardFileTest {
    @TempDir
    java.nio.file.Path directory;

    /** The record of a sequence: its length and contents follow from the number; some are empty. */
    private static byte[] record(long sequence) {
        Random random = new Random(sequence);
        byte[] record = new byte[random.nextInt(40)];
        for (int i = 0; i < record.length; i++) {
            record[i] = (byte) random.nextInt(7);
        }
        return record;
    }

    private static ShardHeader header(long numSequences, int sequencesPerShard, int shard, int recordsPerBlock) {
        return ShardHeader.of(
                "things",
                new ShardPlan(numSequences, sequencesPerShard),
                shard,
                recordsPerBlock,
                Map.of("size", "3"),
                Map.of("from", "abc"));
    }

    private static void fill(ShardWriter shard, ShardHeader header) {
        for (int i = 0; i < header.numSequences(); i++) {
            shard.add(record(header.firstSequence() + i));
        }
    }

    private Path write(ShardHeader header) {
        Path file = ShardDirectory.file(DataFiles.path(directory.toString()), "things", header.shard());
        ShardWriter.write(file, header, shard -> fill(shard, header));
        return file;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,5,3", "7,3,2", "17,5,1", "64,64,16", "65,64,64", "101,13,4"})
    void everyRecordComesBackByItsNumber(long numSequences, int sequencesPerShard, int recordsPerBlock) {
        ShardPlan plan = new ShardPlan(numSequences, sequencesPerShard);
        for (int shard = 0; shard < plan.numShards(); shard++) {
            write(header(numSequences, sequencesPerShard, shard, recordsPerBlock));
        }
        try (ShardDirectory shards = ShardDirectory.open(DataFiles.path(directory.toString()), "things")) {
            assertEquals(plan, shards.plan());
            assertEquals("3", shards.setting("size"));
            shards.verify();
            for (long s = numSequences - 1; s >= 0; s--) {
                assertArrayEquals(record(s), shards.read(s), "sequence " + s);
            }
            assertThrows(IndexOutOfBoundsException.class, () -> shards.read(numSequences));
            assertThrows(IndexOutOfBoundsException.class, () -> shards.read(-1));
        }
    }

    @Test
    void equalContentsGiveEqualBytesAndOthersAnotherDigest() throws IOException {
        ShardHeader header = header(20, 10, 1, 3);
        Path file = write(header);
        byte[] bytes = Files.readAllBytes(local(file));
        String digest = digest(file);
        write(header);
        assertArrayEquals(bytes, Files.readAllBytes(local(file)));
        ShardWriter.write(file, header, shard -> {
            for (int i = 0; i < 10; i++) {
                shard.add(i == 4 ? new byte[] {1} : record(10 + i));
            }
        });
        assertNotEquals(digest, digest(file));
    }

    @Test
    void aFlippedBitIsFoundWhereverItIs() throws IOException {
        everyDamageIsFound(bytes -> at -> {
            byte[] damaged = bytes.clone();
            damaged[at] ^= (byte) (1 << at % 8);
            return damaged;
        });
    }

    @Test
    void aMissingByteIsFoundWhereverItWas() throws IOException {
        everyDamageIsFound(bytes -> at -> {
            byte[] damaged = Arrays.copyOf(bytes, bytes.length - 1);
            System.arraycopy(bytes, at + 1, damaged, at, bytes.length - at - 1);
            return damaged;
        });
    }

    @Test
    void anAddedByteIsFoundWhereverItIs() throws IOException {
        everyDamageIsFound(bytes -> at -> {
            byte[] damaged = new byte[bytes.length + 1];
            System.arraycopy(bytes, 0, damaged, 0, at);
            damaged[at] = 7;
            System.arraycopy(bytes, at, damaged, at + 1, bytes.length - at);
            return damaged;
        });
    }

    @Test
    void aTruncatedFileIsFoundAtEveryLength() throws IOException {
        everyDamageIsFound(bytes -> at -> Arrays.copyOf(bytes, at));
    }

    private interface Damage {
        IntFunction<byte[]> of(byte[] bytes);
    }

    private void everyDamageIsFound(Damage damage) throws IOException {
        Path file = write(header(11, 11, 0, 4));
        byte[] bytes = Files.readAllBytes(local(file));
        int firstBlock = 16
                + java.nio.ByteBuffer.wrap(bytes)
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                        .getInt(12)
                + 4;
        int index = (int) java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getLong(bytes.length - 32);
        for (int at = 0; at < bytes.length; at++) {
            Files.write(local(file), damage.of(bytes).apply(at));
            UserException e = assertThrows(
                    UserException.class,
                    () -> {
                        try (ShardReader reader = ShardReader.open(file)) {
                            reader.verify();
                        }
                    },
                    "byte " + at);
            assertTrue(e.getMessage().startsWith(file.toUri().getPath()), e.getMessage());
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
            boolean kept = Files.size(local(file)) >= bytes.length - 1;
            if (kept && at >= firstBlock && at < index && Files.size(local(file)) <= bytes.length) {
                assertTrue(e.getMessage().contains(" block "), "byte " + at + ": " + e.getMessage());
            }
        }
    }

    @Test
    void aBlockIsNamedWithItsSequences() throws IOException {
        Path file = write(header(30, 10, 2, 4));
        byte[] bytes = Files.readAllBytes(local(file));
        int index = (int) java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getLong(bytes.length - 32);
        bytes[index - 1] ^= 1;
        Files.write(local(file), bytes);
        try (ShardReader reader = ShardReader.open(file)) {
            assertArrayEquals(record(21), reader.read(21));
            UserException e = assertThrows(UserException.class, () -> reader.read(29));
            assertTrue(e.getMessage().contains("block 2 (sequences 28 to 29)"), e.getMessage());
        }
    }

    @Test
    void aDirectoryThatLacksAShardOrMixesRunsIsRefused() throws IOException {
        for (int shard = 0; shard < 3; shard++) {
            write(header(25, 10, shard, 4));
        }
        Path base = DataFiles.path(directory.toString());
        Files.delete(local(ShardDirectory.file(base, "things", 1)));
        UserException missing = assertThrows(UserException.class, () -> ShardDirectory.open(base, "things"));
        assertTrue(missing.getMessage().contains("things-00001.shard"), missing.getMessage());

        ShardHeader stranger =
                ShardHeader.of("things", new ShardPlan(25, 10), 1, 4, Map.of("size", "4"), Map.of("from", "abc"));
        write(stranger);
        try (ShardDirectory shards = ShardDirectory.open(base, "things")) {
            UserException mixed = assertThrows(UserException.class, () -> shards.read(15));
            assertTrue(mixed.getMessage().contains("size = 4, not 3"), mixed.getMessage());
        }
    }

    @Test
    void aWriterThatFailsLeavesNothing() throws IOException {
        ShardHeader header = header(5, 5, 0, 2);
        Path file = ShardDirectory.file(DataFiles.path(directory.toString()), "things", 0);
        assertThrows(IllegalStateException.class, () -> ShardWriter.write(file, header, shard -> shard.add(record(0))));
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
        assertFalse(ShardDirectory.isComplete(file, header));
        write(header);
        assertTrue(ShardDirectory.isComplete(file, header));
        assertFalse(ShardDirectory.isComplete(file, header(5, 5, 0, 3)));
    }

    private static java.nio.file.Path local(Path file) {
        return java.nio.file.Path.of(file.toUri().getPath());
    }

    private static String digest(Path file) {
        try (ShardReader reader = ShardReader.open(file)) {
            return reader.digest();
        }
    }
}
