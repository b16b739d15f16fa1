package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;

/** One flipped bit in the output of a finished stage, wherever it is and however the file is read. */
class SealedFilesTest {
    private static final int LENGTH = 3_000_001;

    @TempDir
    java.nio.file.Path temporary;

    private StageDirectory stage;

    @BeforeEach
    void finish() {
        stage = new StageDirectory(DataFiles.path(temporary.resolve("student").toString()));
        stage.begin(Manifest.asked("student-init", 1, Map.of(), 1, "test", Map.of()));
        byte[] bytes = new byte[LENGTH];
        new Random(1).nextBytes(bytes);
        DataFiles.writeAtomically(stage.file("weights"), out -> out.write(bytes));
        DataFiles.writeString(stage.file("config.json"), "{}");
        stage.complete(stage.manifest(), Map.of());
    }

    private void flip(String name, int at) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(temporary.resolve("student").resolve(name).toFile(), "rw")) {
            file.seek(at);
            int was = file.read();
            file.seek(at);
            file.write(was ^ 32);
        }
    }

    /** Forward with gaps, and some of it twice. */
    private void readInPart() {
        byte[] buffer = new byte[1_000_000];
        try (RandomReader reader = SealedFiles.of(stage.path()).comparing(stage.file("weights"))) {
            reader.readFully(1000, buffer, 0, 500);
            reader.readFully(1200, buffer, 0, 900_000);
            reader.readFully(2_000_000, buffer, 0, 10);
            reader.readFully(1000, buffer, 0, 500);
        }
    }

    private void assertRefused(org.junit.jupiter.api.function.Executable reading, String name) {
        String message = assertThrows(UserException.class, reading).getMessage();
        assertTrue(message.startsWith(DataFiles.display(stage.file(name)) + " is not what was written"), message);
    }

    @Test
    void soundFilesAreRead() {
        assertDoesNotThrow(this::readInPart);
        assertEquals("{}", stage.readString("config.json"));
    }

    @Test
    void aBitAnywhereIsNoticedWhateverPartIsRead() throws IOException {
        for (int at : new int[] {0, 999, 1100, 1300, 901_200, 1_999_999, 2_000_005, LENGTH - 1}) {
            flip("weights", at);
            assertRefused(this::readInPart, "weights");
            assertRefused(() -> SealedFiles.of(stage.path()).requireSound(stage.file("weights")), "weights");
            flip("weights", at);
        }
        flip("config.json", 1);
        assertRefused(() -> stage.readString("config.json"), "config.json");
    }

    @Test
    void whatIsNotFinishedOrNotKnownIsReadAsItIs() throws IOException {
        Files.writeString(java.nio.file.Path.of(DataFiles.display(stage.file("later"))), "abc"); // not by us
        assertEquals("abc", stage.readString("later"));
        DataFiles.delete(stage.file(StageDirectory.SUCCESS));
        flip("weights", 7);
        assertDoesNotThrow(this::readInPart);
    }
}
