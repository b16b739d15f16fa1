package org.xecomla.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Who holds a {@link RunLease}, as its file says.
 *
 * @param token of this holder alone
 * @param host for people
 * @param kernel names the boot of a machine and the space of its process numbers: where it is one's own, {@code pid}
 *     can be looked up
 * @param startTicks when the process began, in ticks from the kernel's own start: numbers come again, clocks are set
 * @param heartbeat when the holder last said that it lives, in milliseconds since 1970
 * @param fence greater than that of every holder before
 */
record LeaseHolder(String token, String host, String kernel, long pid, long startTicks, long heartbeat, long fence) {
    private static final int STAT_START_TIME = 22 - 3; // proc(5) counts from 1; the state after the name is the third

    /** This process. */
    static LeaseHolder here(long fence) {
        long pid = ProcessHandle.current().pid();
        return new LeaseHolder(
                UUID.randomUUID().toString(),
                Machine.hostName(),
                kernelName(),
                pid,
                startTicks(pid),
                System.currentTimeMillis(),
                fence);
    }

    /** The same later on. It differs whatever the clock says: others see by that alone that the holder lives. */
    LeaseHolder alive() {
        long now = Math.max(heartbeat + 1, System.currentTimeMillis());
        return new LeaseHolder(token, host, kernel, pid, startTicks, now, fence);
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
                .filter(process -> process.isAlive() && startTicks(pid) == startTicks)
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

    /** Java tells a time of day here, which is another one whenever the clock has been set. */
    private static long startTicks(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return Long.parseLong(afterName[STAT_START_TIME]);
        } catch (IOException e) {
            return 0; // it has ended, or this is no Linux
        }
    }

    private static String kernelName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip() + " "
                    + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException e) {
            return ""; // no Linux: nobody's process is looked up
        }
    }
}
