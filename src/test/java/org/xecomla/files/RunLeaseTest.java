package org.xecomla.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
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
        return new LeaseHolder("another", "node7", "another boot", 99, 1, heartbeat, 99);
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
        LeaseHolder here = LeaseHolder.here(1);
        LeaseHolder dead =
                new LeaseHolder("dead", here.host(), here.kernel(), ended.pid(), 1, System.currentTimeMillis(), 1);
        Files.writeString(file(), dead.toJson());
        acquire(LONG).close();
        assertEquals(1, said.size());
        assertTrue(said.get(0).startsWith("takes over from process " + ended.pid()), said.get(0));
    }

    /** Its clock may be hours behind, or ahead: it is watched all the same. */
    @Test
    @Tag("slow")
    void anotherMachinesClockIsNotBelieved() throws Exception {
        for (long hours : new long[] {-2, 2}) {
            said.clear();
            Files.writeString(
                    file(),
                    elsewhere(System.currentTimeMillis() + hours * 3_600_000).toJson());
            acquire(Duration.ofSeconds(2)).close();
            assertEquals(2, said.size(), said::toString);
            assertTrue(said.get(0).startsWith("waits to see whether another driver lives"), said.get(0));
        }
    }

    /** A driver that slept through the loss of its lease is over before it finishes anything. */
    /** A clock that is set while a driver lives makes it no other process, and one that was set back no silent one. */
    @Test
    void ofItsOwnClockNothingIsBelieved() throws Exception {
        double uptime =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        double startSeconds = LeaseHolder.here(1).startTicks() / 100.0;
        assertTrue(startSeconds > 0 && startSeconds <= uptime, () -> startSeconds + " of " + uptime);
        LeaseHolder ahead = elsewhere(System.currentTimeMillis() + 3_600_000);
        assertNotEquals(ahead.toJson(), ahead.alive().toJson());
    }

    @Test
    void everyHolderHasAGreaterNumber() throws Exception {
        RunLease first = acquire(LONG);
        assertEquals("1\n", Files.readString(dir.resolve(RunFence.FILE)));
        assertFalse(first.fence().isPassed());
        Files.delete(file()); // as if another had waited for the time-out and taken it
        try (RunLease second = acquire(LONG)) {
            assertEquals(2, second.fence().number());
            assertTrue(first.fence().isPassed());
            assertThrows(UserException.class, first::requireHeld);
            second.requireHeld();
            first.close();
            assertTrue(Files.exists(file()), "the second one's lease is left alone");
        }
    }

    /** It looked, slept, and wrote over its follower's lease: the follower takes no notice. */
    @Test
    void aGhostsHeartbeatIsWrittenOver() throws Exception {
        CountDownLatch beats = new CountDownLatch(2);
        try (RunLease lease = RunLease.acquire(
                DataFiles.path(dir.toString()), Duration.ofSeconds(2), said::add, beats::countDown, () -> {})) {
            Files.writeString(file(), new LeaseHolder("ghost", "node7", "another boot", 99, 1, 1, 0).toJson());
            assertTrue(beats.await(30, TimeUnit.SECONDS));
            lease.requireHeld();
            assertFalse(Files.readString(file()).contains("ghost"));
        }
    }

    @Test
    @Tag("slow")
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
