package org.xecomla.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensors;

/** The container: what is written comes back, and a broken file is one line, whatever is broken. */
class GgufFileTest {
    private static final int NUM_KEYS_AT = 16;

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("a.gguf");
    }

    private byte[] sound() throws IOException {
        GgufOutput out = new GgufOutput();
        out.key("k", "v");
        out.key("list", new GgufValue.Texts(List.of("a", "b")));
        out.key("scores", new GgufValue.Reals(List.of(1f, 2f)));
        out.key("whole", -7);
        out.key("flag", true);
        out.tensor("t", GgufType.Q8_0, List.of(32, 2), () -> Tensors.of(ElementType.FLOAT, 2, 32, ramp()));
        out.tensor("u", GgufType.F32, List.of(3), () -> Tensors.of(ElementType.FLOAT, 1, 3, 1, 2, 3));
        out.write(DataFiles.path(file().toString()));
        return Files.readAllBytes(file());
    }

    private static double[] ramp() {
        double[] values = new double[64];
        for (int i = 0; i < values.length; i++) {
            values[i] = i - 31.5;
        }
        return values;
    }

    private GgufFile open() {
        return GgufFile.open(DataFiles.path(file().toString()));
    }

    private String failure(byte[] bytes) throws IOException {
        Files.write(file(), bytes);
        return assertThrows(UserException.class, this::open).getMessage();
    }

    @Test
    void comesBack() throws IOException {
        sound();
        GgufFile file = open();
        assertEquals("v", file.text("k"));
        assertEquals(new GgufValue.Texts(List.of("a", "b")), file.keys().get("list"));
        assertEquals(new GgufValue.Skipped(2), file.keys().get("scores"));
        assertEquals(new GgufValue.Flag(true), file.keys().get("flag"));
        assertEquals(3, file.read("u")[2]);
        float[] quantised = file.read("t");
        for (int i = 0; i < quantised.length; i++) {
            assertEquals(i - 31.5, quantised[i], 31.5 / 127 / 2 + 0.01);
        }
        assertEquals(0, file.entry("t").begin() % GgufOutput.ALIGNMENT);
        assertEquals(0, file.entry("u").begin() % GgufOutput.ALIGNMENT);
    }

    /** ggml's own rounding: halves away from zero, the scale by the largest. */
    @Test
    void quantsAreThoseOfGgml() {
        float[] row = new float[32];
        row[0] = -127;
        row[1] = 0.5f;
        row[2] = -0.5f;
        row[3] = 126.4f;
        ByteBuffer block = ByteBuffer.allocate(34).order(ByteOrder.LITTLE_ENDIAN);
        GgufType.Q8_0.put(block, row);
        assertEquals(0x3C00, block.getShort(0));
        assertEquals(-127, block.get(2));
        assertEquals(1, block.get(3));
        assertEquals(-1, block.get(4));
        assertEquals(126, block.get(5));
        assertEquals(0, block.get(6));
    }

    /** A length of 64 bits at some place, each announcing more than the file has. */
    @ParameterizedTest
    @CsvSource({
        "8, 1000000000000, tensors",
        "8, -1, tensors",
        "16, 4611686018427387904, keys",
        "24, 4611686018427387904, bytes of text",
        "24, -5, bytes of text"
    })
    void lengthsAreComparedWithTheFile(int at, long length, String what) throws IOException {
        byte[] bytes = sound();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, length);
        String message = failure(bytes);
        assertTrue(message.contains("is truncated or no GGUF file: it announces"), message);
        assertTrue(message.contains(what), message);
    }

    @Test
    void otherFilesAreNamed() throws IOException {
        byte[] bytes = sound();
        byte[] version = bytes.clone();
        version[4] = 2;
        assertTrue(failure(version).endsWith("is GGUF version 2, and only version 3 is read"));
        byte[] bigEndian = bytes.clone();
        ByteBuffer.wrap(bigEndian).putInt(4, 3);
        assertTrue(failure(bigEndian).endsWith("it may be big-endian"));
        bytes[0] = 'g';
        assertTrue(failure(bytes).endsWith("is no GGUF file: it does not begin with \"GGUF\""));
        assertTrue(failure(new byte[0]).endsWith("is no GGUF file: it does not begin with \"GGUF\""));
    }

    /** Wherever it is cut or a bit of its header turns, it is a line or a file, never another exception. */
    @Test
    void nothingElseEscapes() throws IOException {
        byte[] bytes = sound();
        for (int length = 0; length < bytes.length - 31; length += 5) {
            byte[] cut = Arrays.copyOf(bytes, length);
            failure(cut);
        }
        Random random = new Random(1);
        for (int trial = 0; trial < 400; trial++) {
            byte[] turned = bytes.clone();
            int at = NUM_KEYS_AT + random.nextInt(bytes.length - 160 - NUM_KEYS_AT);
            turned[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file(), turned);
            try {
                open().entries().values().forEach(entry -> assertTrue(entry.begin() <= turned.length));
            } catch (UserException e) {
                assertTrue(!e.getMessage().contains("\n"), e.getMessage());
            }
        }
    }
}
