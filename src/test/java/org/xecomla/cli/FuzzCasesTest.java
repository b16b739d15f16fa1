package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.hostile.FuzzInput;

/** Files that the fuzzer has found once, and the sound ones that it begins with. */
class FuzzCasesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    Path dir;

    static List<FuzzInput> readers() {
        return FuzzInput.all();
    }

    @ParameterizedTest
    @MethodSource("readers")
    void soundFilesAreRead(FuzzInput input) throws IOException {
        input.files().make(dir);
        List<byte[]> seeds = input.seeds().make();
        input.writer().write(dir, seeds.get(0));
        String said = input.reader().read(dir);
        assertFalse(said.isBlank(), "the reader says what it has read");
        assertEquals(said, input.reader().read(dir));
    }

    @ParameterizedTest
    @MethodSource("readers")
    void whatWasFoundIsReadOrRefusedInALine(FuzzInput input) throws IOException {
        Path cases = FuzzInput.CASES.resolve(input.id());
        if (!Files.exists(cases)) {
            return; // nothing was found yet
        }
        FuzzTarget target = new FuzzTarget(input, dir);
        try (Stream<Path> files = Files.list(cases)) {
            for (Path file : files.sorted().toList()) {
                byte[] drawn = Files.readAllBytes(file);
                assertTimeoutPreemptively(
                        PATIENCE, () -> assertDoesNotThrow(() -> target.read(drawn), file::toString), file::toString);
            }
        }
    }

    /** A folder that no reader takes would be replayed by nobody. */
    @Test
    void everyFolderHasAReader() throws IOException {
        List<String> readers = FuzzInput.all().stream().map(FuzzInput::id).toList();
        try (Stream<Path> folders = Files.list(FuzzInput.CASES)) {
            assertEquals(
                    List.of(),
                    folders.map(folder -> folder.getFileName().toString())
                            .filter(name -> !readers.contains(name))
                            .toList());
        }
    }
}
