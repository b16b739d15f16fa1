package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.errors.UserException;

/** The same behaviour on local files and through Hadoop. */
class DataFilesTest {
    @TempDir
    java.nio.file.Path temporary;

    @BeforeAll
    static void register() throws IOException {
        RenamedLocalFileSystem.register();
    }

    private Path path(String scheme, String name) {
        return DataFiles.path(scheme + temporary + "/" + name);
    }

    @Test
    void barePathsAreLocalAndAbsolute() {
        assertEquals("file:/a/b", DataFiles.path("/a/x/../b").toString());
        assertEquals("file", DataFiles.path("some/file").toUri().getScheme());
        assertEquals(
                java.nio.file.Path.of("some/file").toAbsolutePath().toString(),
                DataFiles.display(DataFiles.path("some/file")));
        assertEquals("hdfs://host:8020/a", DataFiles.path("hdfs://host:8020/a").toString());
        assertEquals("/a/b c%20:d", DataFiles.display(DataFiles.path("/a/b c%20:d")));
        assertTrue(DataFiles.isLocal(DataFiles.path("file:///a")));
        assertFalse(DataFiles.isLocal(DataFiles.path("s3a://bucket/a")));
        assertThrows(UserException.class, () -> DataFiles.path(" "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "renamed:"})
    void writesReadsAndLists(String scheme) throws IOException {
        Path file = path(scheme, "sub/b c.txt");
        assertFalse(DataFiles.exists(file));
        DataFiles.writeString(file, "grüß");
        DataFiles.writeString(path(scheme, "sub/a.txt"), "");
        DataFiles.createDirectories(path(scheme, "sub/dir/deep"));
        assertEquals("grüß", DataFiles.readString(file));
        assertEquals(6, DataFiles.length(file));
        DataFiles.writeString(file, "again");
        try (InputStream in = DataFiles.openStream(file)) {
            assertEquals("again", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
        assertEquals(
                List.of(path(scheme, "sub/a.txt"), file, path(scheme, "sub/dir")), DataFiles.list(path(scheme, "sub")));
        assertTrue(DataFiles.isDirectory(path(scheme, "sub")));
        assertFalse(DataFiles.isDirectory(file));
        assertFalse(DataFiles.isDirectory(path(scheme, "none")));
        DataFiles.copy(file, path(scheme, "copy/c.txt"));
        assertEquals("again", DataFiles.readString(path(scheme, "copy/c.txt")));
        DataFiles.delete(path(scheme, "sub"));
        DataFiles.delete(path(scheme, "sub"));
        assertFalse(DataFiles.exists(file));
        assertEquals(List.of("copy"), List.of(temporary.toFile().list()), "no crc files, nothing temporary");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "renamed:"})
    void readsAtPositions(String scheme) throws IOException {
        byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        Files.write(temporary.resolve("bytes"), bytes);
        Path file = path(scheme, "bytes");
        try (RandomReader reader = DataFiles.open(file)) {
            assertEquals(file, reader.path());
            assertEquals(bytes.length, reader.length());
            byte[] part = new byte[1000];
            reader.readFully(2_999_500, part, 10, 500);
            assertArrayEquals(Arrays.copyOfRange(bytes, 2_999_500, 3_000_000), Arrays.copyOfRange(part, 10, 510));
            reader.readFully(7, part, 0, 3);
            assertArrayEquals(Arrays.copyOfRange(bytes, 7, 10), Arrays.copyOf(part, 3));
            ByteBuffer direct = ByteBuffer.allocateDirect(2_500_000);
            reader.readFully(400_000, direct);
            assertEquals(ByteBuffer.wrap(bytes, 400_000, 2_500_000), direct.flip());
            UserException e = assertThrows(UserException.class, () -> reader.readFully(2_999_900, part, 0, 101));
            assertEquals(
                    DataFiles.display(file) + " has 3000000 bytes, but bytes 2999900 to 3000001 are needed: the file is"
                            + " truncated, copy it again",
                    e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "renamed:"})
    void missingFilesAreOneLine(String scheme) {
        Path file = path(scheme, "none/here");
        String message = "no such file or directory: " + DataFiles.display(file);
        for (Runnable access : List.<Runnable>of(
                () -> DataFiles.open(file),
                () -> DataFiles.openStream(file),
                () -> DataFiles.readString(file),
                () -> DataFiles.length(file),
                () -> DataFiles.list(file),
                () -> DataFiles.sha256(file))) {
            assertEquals(message, assertThrows(UserException.class, access::run).getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "renamed:"})
    void aFailedWriteLeavesTheOldContents(String scheme) {
        Path file = path(scheme, "f");
        DataFiles.writeString(file, "old");
        UncheckedIOException e = assertThrows(
                UncheckedIOException.class,
                () -> DataFiles.writeAtomically(file, out -> {
                    out.write(new byte[100_000]);
                    assertEquals("old", DataFiles.readString(file));
                    assertEquals(List.of(file), DataFiles.list(path(scheme, "")), "temporary files are not listed");
                    throw new IOException("disk full");
                }));
        assertTrue(e.getMessage().contains("disk full"), e.getMessage());
        assertEquals("old", DataFiles.readString(file));
        assertEquals(List.of("f"), List.of(temporary.toFile().list()));
    }

    @Test
    void digests() {
        Path file = path("", "f");
        DataFiles.writeString(file, "abc");
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", DataFiles.sha256(file));
    }

    /** As root, a device would be gone. */
    @Test
    void linksAndDirectoriesAreNotReplacedByFiles() throws IOException {
        Files.writeString(temporary.resolve("own"), "old");
        Files.createSymbolicLink(temporary.resolve("link"), temporary.resolve("own"));
        Files.createDirectories(temporary.resolve("directory"));
        for (String name : List.of("link", "directory")) {
            UserException e = assertThrows(UserException.class, () -> DataFiles.writeString(path("", name), "new"));
            assertTrue(e.getMessage().contains(name + " is a directory, a link or a device"), e.getMessage());
        }
        assertEquals("old", Files.readString(temporary.resolve("own")));
        assertTrue(Files.isSymbolicLink(temporary.resolve("link")));
        assertEquals(3, temporary.toFile().list().length, "nothing is left");
    }

    @Test
    void anOutputDirectoryIsOneThatHoldsNothing() {
        assertEquals(path("", "new"), OutputDirectory.free(temporary + "/new"));
        DataFiles.createDirectories(path("", "empty"));
        assertEquals(path("", "empty"), OutputDirectory.free(temporary + "/empty"));
        DataFiles.writeString(path("", "full/config.json"), "{}");
        assertThrows(UserException.class, () -> OutputDirectory.free(temporary + "/full"));
        assertThrows(UserException.class, () -> OutputDirectory.free(temporary + "/full/config.json"));
    }

    /** A bit that flips between the program and the disk. */
    @Test
    void whatIsNotWrittenAsMeantHasNoName() throws IOException {
        FlippingFileSystem.register();
        Path file = path("flipping:", "weights");
        UserException e = assertThrows(UserException.class, () -> DataFiles.writeString(file, "abcdefghij"));
        assertEquals(
                DataFiles.display(file)
                        + " does not read back as it was written: look at that disk and at this machine's"
                        + " memory, then run again",
                e.getMessage());
        assertEquals(0, temporary.toFile().list().length, "nothing is left");
    }

    /** The device that is always full gives the very error of a full disk. */
    @Test
    void aFullDiskIsNamedAndWhatWasThereStays() throws IOException {
        java.nio.file.Path file = temporary.resolve("weights");
        Files.writeString(file, "old");
        UserException e = assertThrows(
                UserException.class,
                () -> DataFiles.writeAtomically(DataFiles.path(file.toString()), out -> {
                    out.write(1);
                    try (OutputStream full = Files.newOutputStream(java.nio.file.Path.of("/dev/full"))) {
                        full.write(1);
                    }
                }));
        assertEquals("no space is left for " + file + ": make room and run again", e.getMessage());
        assertEquals("old", Files.readString(file));
        assertEquals(1, temporary.toFile().list().length, "nothing half-written stays");
    }

    /** Writers that may throw no IOException wrap it: the file is named all the same. */
    @Test
    void aFullDiskIsNamedWhereTheWriterWrapsIt() {
        java.nio.file.Path file = temporary.resolve("shard");
        UserException e = assertThrows(
                UserException.class,
                () -> DataFiles.writeAtomically(DataFiles.path(file.toString()), out -> {
                    throw new UncheckedIOException(new IOException("No space left on device"));
                }));
        assertEquals("no space is left for " + file + ": make room and run again", e.getMessage());
    }

    /** Where not even root may write. */
    @Test
    void anUnwritableDirectoryIsNamed() {
        UserException e = assertThrows(
                UserException.class, () -> DataFiles.writeString(DataFiles.path("/sys/xecomla/weights"), "x"));
        assertTrue(e.getMessage().startsWith("no permission for /sys/xecomla/weights"), e.getMessage());
    }
}
