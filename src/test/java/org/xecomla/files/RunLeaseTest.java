package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;

class RunLeaseTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir
    Path dir;

    private final List<String> said = new ArrayList<>();

    private RunLease acquire(Duration timeout) {
        return RunLease.acquire(DataFiles.path(dir.toString()), timeout, said::add, () -> {}, () -> {});
    }

    private Path file() {
        return dir.resolve(RunLease.FILE);
    }

    /** A holder on another machine, whose process cannot be looked up. */
    private static LeaseHolder elsewhere(long heartbeat) {
        return new LeaseHolder("another", "node7", "another boot", 99, 1, heartbeat);
    }

    @Test
    void aSecondDriverIsRefusedAndToldByWhom() {
        try (RunLease lease = acquire(LONG)) {
            lease.requireHeld();
            String message =
                    assertThrows(UserException.class, () -> acquire(LONG)).getMessage();
            assertTrue(
                    message.contains("is being written by another driver, process "
                            + ProcessHandle.current().pid()),
                    message);
            assertTrue(message.contains("last heard of 0 s ago") || message.contains("last heard of 1 s ago"), message);
        }
        assertFalse(Files.exists(file()), "given back");
        acquire(LONG).close();
    }

    @Test
    void theLeaseOfAProcessThatHasEndedIsTakenOverAtOnce() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        LeaseHolder here = LeaseHolder.here();
        LeaseHolder dead =
                new LeaseHolder("dead", here.host(), here.kernel(), ended.pid(), 1, System.currentTimeMillis());
        Files.writeString(file(), dead.toJson());
        acquire(LONG).close();
        assertEquals(1, said.size());
        assertTrue(said.get(0).startsWith("takes over from process " + ended.pid()), said.get(0));
    }

    @Test
    void aLeaseThatIsTooOldIsTakenOver() throws Exception {
        Files.writeString(
                file(), elsewhere(System.currentTimeMillis() - 400_000).toJson());
        acquire(LONG).close();
        assertTrue(said.get(0).startsWith("takes over from process 99 on node7, last heard of 400 s ago"), said.get(0));
    }

    @Test
    void aHolderElsewhereThatKeepsSilentIsTakenOverAfterTheTimeOut() throws Exception {
        Files.writeString(file(), elsewhere(System.currentTimeMillis()).toJson());
        acquire(Duration.ofSeconds(2)).close();
        assertEquals(2, said.size());
        assertTrue(said.get(0).startsWith("waits to see whether another driver lives"), said.get(0));
    }

    @Test
    void aHolderElsewhereThatRenewsItsLeaseIsLeftIt() throws Exception {
        Files.writeString(file(), elsewhere(System.currentTimeMillis()).toJson());
        Thread renewal = new Thread(() -> {
            try {
                while (said.isEmpty()) {
                    Thread.onSpinWait();
                }
                Files.writeString(
                        file(), elsewhere(System.currentTimeMillis() + 1).toJson());
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        renewal.start();
        assertThrows(UserException.class, () -> acquire(LONG));
        renewal.join();
    }

    @Test
    void whoLosesTheLeaseIsTold() throws Exception {
        CountDownLatch lost = new CountDownLatch(1);
        try (RunLease lease = RunLease.acquire(
                DataFiles.path(dir.toString()), Duration.ofSeconds(2), said::add, () -> {}, lost::countDown)) {
            Files.writeString(file(), elsewhere(System.currentTimeMillis()).toJson());
            assertTrue(lost.await(30, TimeUnit.SECONDS));
            assertThrows(UserException.class, lease::requireHeld);
        }
        assertTrue(Files.readString(file()).contains("node7"), "the other's lease is left alone");
    }

    @Test
    void theHeartbeatRenews() throws Exception {
        CountDownLatch beats = new CountDownLatch(2);
        try (RunLease lease = RunLease.acquire(
                DataFiles.path(dir.toString()), Duration.ofSeconds(2), said::add, beats::countDown, () -> {})) {
            String first = Files.readString(file());
            assertTrue(beats.await(30, TimeUnit.SECONDS));
            assertFalse(Files.readString(file()).equals(first));
            lease.requireHeld();
        }
    }
}
