package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintsTest {
    private static final long LARGE = 200L << 20;

    @TempDir
    java.nio.file.Path temporary;

    private Path path(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    private static String anew(Path path) {
        return Fingerprints.anew().of(path);
    }

    @Test
    void theyFollowContents() {
        Path model = path("model");
        DataFiles.writeString(new Path(model, "config.json"), "{}");
        DataFiles.writeString(new Path(model, "README.md"), "one");
        String first = anew(model);
        DataFiles.writeString(new Path(model, "README.md"), "two");
        assertEquals(first, anew(model));
        DataFiles.writeString(new Path(model, "config.json"), "[]");
        assertNotEquals(first, anew(model));
        DataFiles.writeString(new Path(model, "manifest.json"), "m");
        assertEquals(DataFiles.sha256(new Path(model, "manifest.json")), anew(model));
    }

    private void write(long at, int count) throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(temporary.resolve("large").toFile(), "rw")) {
            file.setLength(LARGE);
            file.seek(at);
            for (int i = 0; i < count; i++) {
                file.write(1);
            }
        }
    }

    private void setTime(long millis) throws IOException {
        Files.setLastModifiedTime(temporary.resolve("large"), FileTime.fromMillis(millis));
    }

    /** Wherever a large file changes, by however little. */
    @Test
    void everyByteOfALargeFileCounts() throws IOException {
        write(0, 0);
        String empty = anew(path("large"));
        write(5_000_000, 1);
        String one = anew(path("large"));
        write(150_000_001, 1);
        assertNotEquals(empty, one);
        assertNotEquals(one, anew(path("large")));
    }

    /** Reading once is enough until length or time say something else, for later processes too. */
    @Test
    void whatWasReadOnceIsKnownUntilTheFileChanges() throws IOException {
        write(0, 1);
        setTime(1_000_000);
        Path run = path("run");
        String first = Fingerprints.ofRun(run).of(path("large"));
        assertTrue(DataFiles.exists(new Path(run, Fingerprints.FILE)));
        write(7, 1);
        setTime(1_000_000);
        assertEquals(first, Fingerprints.ofRun(run).of(path("large")), "not read again: same length and time");
        setTime(1_002_000);
        String second = Fingerprints.ofRun(run).of(path("large"));
        assertNotEquals(first, second);
        assertEquals(anew(path("large")), second);
        DataFiles.writeString(new Path(run, Fingerprints.FILE), "{\"" + path("large") + "\":null}");
        assertEquals(second, Fingerprints.ofRun(run).of(path("large")));
        DataFiles.writeString(new Path(run, Fingerprints.FILE), "null");
        assertEquals(second, Fingerprints.ofRun(run).of(path("large")));
    }

    /** A second change may fall into the same tick of the clock. */
    @Test
    void whatHasJustBeenWrittenIsReadAgain() throws IOException {
        write(0, 1);
        Path run = path("run");
        Fingerprints.ofRun(run).of(path("large"));
        assertFalse(DataFiles.exists(new Path(run, Fingerprints.FILE)));
    }
}
