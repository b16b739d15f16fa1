package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.errors.UserException;

/** Files where a rename is a copy, and nothing is there before it is whole. */
class ObjectStoreFilesTest {
    @TempDir
    Path dir;

    @BeforeAll
    static void register() throws IOException {
        StoreFileSystem.register();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFileIsPutByItsOwnNameAndReplacesTheOldOneAtOnce() throws Exception {
        org.apache.hadoop.fs.Path file = StoreFileSystem.path(dir.resolve("a"));
        DataFiles.writeString(file, "old");
        DataFiles.writeAtomically(file, out -> {
            out.write("new".getBytes(StandardCharsets.UTF_8));
            assertEquals(List.of("a"), names());
            assertEquals("old", DataFiles.readString(file));
        });
        assertEquals("new", DataFiles.readString(file));
    }

    @Test
    void whatFailsOnTheWayLeavesTheOldOne() throws Exception {
        org.apache.hadoop.fs.Path file = StoreFileSystem.path(dir.resolve("a"));
        DataFiles.writeString(file, "old");
        String message = assertThrows(
                        UserException.class,
                        () -> DataFiles.writeAtomically(file, out -> {
                            out.write("half".getBytes(StandardCharsets.UTF_8));
                            throw new UserException("as in a test");
                        }))
                .getMessage();
        assertEquals("as in a test", message);
        assertEquals("old", DataFiles.readString(file));
        assertEquals(List.of("a"), names());
    }

    @Test
    void aSmallFileThatIsReplacedWhileItIsReadIsReadAgain() {
        org.apache.hadoop.fs.Path file = StoreFileSystem.path(dir.resolve("a"));
        DataFiles.writeString(file, "new");
        StoreFileSystem.REPLACEMENTS.set(3);
        assertEquals("new", DataFiles.readString(file));
        assertEquals(0, StoreFileSystem.REPLACEMENTS.get());
    }

    /** All find no lease, and all succeed in creating it: the one whose file stays has it. */
    @Test
    void ofFourDriversAtOnceOneHoldsTheLease() throws Exception {
        ExecutorService drivers = Executors.newFixedThreadPool(4);
        try {
            CyclicBarrier together = new CyclicBarrier(4);
            Callable<Integer> driver = () -> {
                together.await(1, TimeUnit.MINUTES);
                try (RunLease lease = RunLease.acquire(
                        StoreFileSystem.path(dir), Duration.ofMinutes(5), line -> {}, () -> {}, () -> {})) {
                    lease.requireHeld();
                    together.await(1, TimeUnit.MINUTES);
                    return 1;
                } catch (UserException refused) {
                    together.await(1, TimeUnit.MINUTES);
                    return 0;
                }
            };
            int held = 0;
            for (Future<Integer> one : drivers.invokeAll(List.of(driver, driver, driver, driver))) {
                held += one.get();
            }
            assertEquals(1, held);
        } finally {
            drivers.shutdownNow();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "s3a://bucket/a, add hadoop-aws of your Hadoop's version",
        "s3://bucket/a, write s3a://bucket/...",
        "gs://bucket/a, add Google's gcs-connector to Spark's jars",
        "nowhere://bucket/a, add its connector to Spark's jars"
    })
    void aStoreWithoutConnectorIsSaidSo(String path, String mend) {
        String message = assertThrows(UserException.class, () -> DataFiles.exists(DataFiles.path(path)))
                .getMessage();
        assertTrue(message.startsWith("Hadoop has no file system for " + path), message);
        assertTrue(message.contains(mend), message);
    }

    @Test
    void settingsThatAreWrongAreSaidSo() {
        String message = assertThrows(
                        UserException.class, () -> DataFiles.exists(DataFiles.path("hdfs://no-such-host.invalid/a")))
                .getMessage();
        assertTrue(
                message.startsWith("Hadoop cannot open the file system of hdfs://no-such-host.invalid/a: "), message);
        assertTrue(message.endsWith(": look at spark.hadoop.* and core-site.xml"), message);
    }
}
