package org.xecomla.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.util.UUID;

/**
 * Who holds a {@link RunLease}, as its file says.
 *
 * @param token of this holder alone
 * @param host for people
 * @param kernel names the boot of a machine and the space of its process numbers: where it is one's own, {@code pid}
 *     can be looked up
 * @param pidStart when the process began, in milliseconds: numbers come again
 * @param heartbeat when the holder last said that it lives, in milliseconds since 1970
 * @param fence greater than that of every holder before
 */
record LeaseHolder(String token, String host, String kernel, long pid, long pidStart, long heartbeat, long fence) {
    /** This process. */
    static LeaseHolder here(long fence) {
        ProcessHandle process = ProcessHandle.current();
        return new LeaseHolder(
                UUID.randomUUID().toString(),
                hostName(),
                kernelName(),
                process.pid(),
                start(process),
                System.currentTimeMillis(),
                fence);
    }

    LeaseHolder alive() {
        return new LeaseHolder(token, host, kernel, pid, pidStart, System.currentTimeMillis(), fence);
    }

    /** What a lease's file says; null where it says nothing that can be read. */
    static LeaseHolder parse(String json) {
        try {
            LeaseHolder holder = new JsonMapper().readValue(json, LeaseHolder.class);
            boolean whole = holder != null && holder.token != null && holder.host != null && holder.kernel != null;
            return whole ? holder : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    String toJson() {
        try {
            return new JsonMapper().writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings and numbers is always JSON", e);
        }
    }

    /** Whether the holder was a process of this machine that has ended. */
    boolean hasEnded() {
        return isOfThisMachine() && !runs();
    }

    /** Whether the holder is a process of this machine that runs. */
    boolean livesHere() {
        return isOfThisMachine() && runs();
    }

    private boolean isOfThisMachine() {
        return !kernel.isEmpty() && kernel.equals(kernelName());
    }

    private boolean runs() {
        return ProcessHandle.of(pid)
                .filter(process -> process.isAlive() && start(process) == pidStart)
                .isPresent();
    }

    /** Seconds since the last heartbeat, by this machine's clock. */
    long ageSeconds() {
        return Math.max(0, (System.currentTimeMillis() - heartbeat) / 1000);
    }

    @Override
    public String toString() {
        return "process " + pid + " on " + host + ", last heard of " + ageSeconds() + " s ago";
    }

    private static long start(ProcessHandle process) {
        return process.info()
                .startInstant()
                .map(instant -> instant.toEpochMilli())
                .orElse(0L);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "an unknown machine";
        }
    }

    private static String kernelName() {
        try {
            return Files.readString(java.nio.file.Path.of("/proc/sys/kernel/random/boot_id"))
                            .strip() + " " + Files.readSymbolicLink(java.nio.file.Path.of("/proc/self/ns/pid"));
        } catch (IOException e) {
            return ""; // no Linux: nobody's process is looked up
        }
    }
}
