package org.xecomla.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;

class SafetensorsFileTest {
    @TempDir
    java.nio.file.Path directory;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = DataFiles.path(directory + "/t.safetensors");
    }

    /** A file of any bytes: header length, header, data. */
    private void write(String header, int numDataBytes) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + numDataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text);
        Files.write(directory.resolve("t.safetensors"), bytes.array());
    }

    private String error() {
        UserException e = assertThrows(UserException.class, () -> SafetensorsFile.open(file));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(e.getMessage().contains("t.safetensors"), e.getMessage());
        return e.getMessage();
    }

    @Test
    void everyTypeComesBack() {
        double[] values = {0, -1.5, 3, 127, -0.25, 2};
        int[] whole = {0, -1, 3, 127, 0, 2};
        SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
        for (Dtype dtype : List.of(Dtype.F64, Dtype.F32, Dtype.F16, Dtype.BF16, Dtype.I64, Dtype.I32)) {
            writer.add(dtype.name(), dtype, List.of(2L, 3L), values);
        }
        writer.add("scalar", Dtype.F64, List.of(), new double[] {0.1});
        writer.add("nothing", Dtype.F32, List.of(0L, 7L), new float[0]);
        writer.add("float", Dtype.F32, List.of(2L), new float[] {0.1f, -0.2f});
        writer.write(file);
        SafetensorsFile read = SafetensorsFile.open(file);
        assertEquals(Map.of("format", "pt"), read.metadata());
        assertEquals(9, read.entries().size());
        assertEquals(List.of(2L, 3L), read.entry("F16").shape());
        for (String name : List.of("F64", "F32", "F16", "BF16")) {
            assertArrayEquals(values, read.readDoubles(name), name);
            assertEquals(-1.5f, read.readFloats(name)[1], name);
        }
        assertArrayEquals(whole, Integers.of(read, "I64"));
        assertArrayEquals(whole, Integers.of(read, "I32"));
        assertArrayEquals(new double[] {0.1}, read.readDoubles("scalar"));
        assertArrayEquals(new float[0], read.readFloats("nothing"));
        assertArrayEquals(new float[] {0.1f, -0.2f}, read.readFloats("float"));
        UserException e = assertThrows(UserException.class, () -> read.readFloats("other"));
        assertEquals(DataFiles.display(file) + " has no tensor other", e.getMessage());
    }

    /** Longer than several chunks, of writer and of reader, with rows that do not divide them. */
    @Test
    void chunksJoinWithoutSeams() {
        int rows = 3001;
        int cols = 1009;
        float[] values = new float[rows * cols];
        Random random = new Random(3);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(256) - 128; // exact in BF16
        }
        new SafetensorsWriter()
                .add("a", Dtype.F32, List.of((long) rows, (long) cols), values)
                .add("b", Dtype.BF16, List.of((long) rows, (long) cols), values)
                .write(file);
        SafetensorsFile read = SafetensorsFile.open(file);
        assertArrayEquals(values, read.readFloats("a"));
        assertArrayEquals(values, read.readFloats("b"));
        float[] part = new float[2_500_007];
        try (RandomReader reader = read.reader()) {
            read.read(reader, read.entry("b"), 100_003, part, 7, 2_500_000);
        }
        assertArrayEquals(Arrays.copyOfRange(values, 100_003, 2_600_003), Arrays.copyOfRange(part, 7, part.length));
    }

    @Test
    void valuesBeyondHalfAreRefused() {
        SafetensorsWriter writer = new SafetensorsWriter().add("w", Dtype.F16, List.of(2L), new float[] {1, 70000});
        UserException e = assertThrows(UserException.class, () -> writer.write(file));
        assertEquals(
                DataFiles.display(file) + ": tensor w holds 70000.0, beyond what F16 can hold: write it as BF16 or F32",
                e.getMessage());
        assertFalse(DataFiles.exists(file), "nothing half-written under the final name");
        assertEquals(List.of(), DataFiles.list(DataFiles.path(directory.toString())));
    }

    /** Every byte of the elements and of the digests, and of what tells them apart. */
    @Test
    void digestedTensorsAreNotReadDamaged() throws IOException {
        java.nio.file.Path local = directory.resolve("d.safetensors");
        Path path = DataFiles.path(local.toString());
        new SafetensorsWriter()
                .addDigested("a", List.of(3L), new float[] {1, 2, 3})
                .addDigested("b", List.of(2L), new double[] {4, 5})
                .write(path);
        byte[] whole = Files.readAllBytes(local);
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 1;
            Files.write(local, flipped);
            boolean same = false;
            try {
                SafetensorsFile read = SafetensorsFile.open(path);
                same = Arrays.equals(new float[] {1, 2, 3}, read.readFloats("a"))
                        && Arrays.equals(new double[] {4, 5}, read.readDoubles("b"));
            } catch (UserException e) {
                continue;
            }
            assertTrue(same, "a flipped bit in byte " + i + " is read as something else");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} | 8 | broken safetensors header",
                "['a'] | 0 | header is not a JSON object",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                        + "'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | stands twice",
                "{'a':{'dtype':'F33','shape':[2],'data_offsets':[0,8]}} | 8 | tensor a: dtype \"F33\" is none of "
                        + "those that are known",
                "{'a':{'shape':[2],'data_offsets':[0,8]}} | 8 | tensor a: dtype",
                "{'a':5} | 8 | tensor a: dtype",
                "{'a':{'dtype':'F32','data_offsets':[0,8]}} | 8 | tensor a: shape is missing or no list",
                "{'a':{'dtype':'F32','shape':[2]}} | 8 | tensor a: data_offsets is missing or no list",
                "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | 8 | tensor a: shape holds -2, not a "
                        + "natural number",
                "{'a':{'dtype':'F32','shape':[2.5],'data_offsets':[0,8]}} | 8 | tensor a: shape holds 2.5, not a "
                        + "natural number",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} | 8 | tensor a: data_offsets [8, 0] are not "
                        + "a begin and an end",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0]}} | 8 | tensor a: data_offsets [0] are not a "
                        + "begin and an end",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 8 | tensor a: shape [3] of F32 takes 12 "
                        + "bytes, data_offsets [0, 8] span 8",
                "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 | tensor a: shape "
                        + "[4294967296, 4294967296] is too large for any file",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                        + "'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}} | 12 | tensor b: its bytes "
                        + "overlap those of a",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                        + "'b':{'dtype':'F32','shape':[1],'data_offsets':[12,16]}} | 16 | tensor b: bytes 8 to 12 "
                        + "before it belong to no tensor",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                        + "'b':{'dtype':'F32','shape':[2],'data_offsets':[8,16]}} | 15 | tensor b: its bytes end at",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[9223372036854775800,9223372036854775804]}} | 4 | "
                        + "tensor a: data_offsets [9223372036854775800, 9223372036854775804] are out of range",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 12 | its header describes only",
            })
    void brokenHeaders(String header, int numDataBytes, String message) throws IOException {
        write(header.replace('\'', '"'), numDataBytes);
        assertTrue(error().contains(message), error());
    }

    @Test
    void brokenFiles() throws IOException {
        assertTrue(error().contains("no such file"), error());
        Files.createDirectory(directory.resolve("t.safetensors"));
        assertTrue(error().contains("is a directory"), error());
        Files.delete(directory.resolve("t.safetensors"));
        Files.write(directory.resolve("t.safetensors"), new byte[5]);
        assertTrue(error().contains("truncated"), error());
        Files.write(
                directory.resolve("t.safetensors"),
                "version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.UTF_8));
        assertTrue(error().contains("is not a safetensors file"), error());
        Files.write(
                directory.resolve("t.safetensors"),
                ByteBuffer.allocate(20)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(1000)
                        .array());
        assertTrue(error().contains("truncated"), error());
    }
}
