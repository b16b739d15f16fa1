package org.xecomla.spark.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A driver that is a process of its own, with a clock of its own.
 *
 * @param clock seconds by which its clock is ahead, 8 bytes
 * @param wrapped whether the JVM is a descendant of what gives it a space of process numbers
 */
record ChaosDriver(Process process, Path log, Path clock, boolean wrapped) {
    /** How {@code kill -9} looks from outside. */
    static final int KILLED = 128 + 9;

    private static final int PATIENCE_SECONDS = 900;

    /** The JVM; null where there is none yet, or none any more. */
    ProcessHandle jvm() {
        return wrapped ? jvms().findFirst().orElse(null) : process.toHandle();
    }

    /** Executors that are processes, as things stand: a driver starts no other JVM. */
    List<ProcessHandle> executors() {
        return jvms().skip(wrapped ? 1 : 0).toList();
    }

    private Stream<ProcessHandle> jvms() {
        return process.descendants()
                .filter(child -> child.info().command().orElse("").endsWith("/java"));
    }

    String output() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the last that it says is a line for people; before it Spark's log may tell of tasks that failed. */
    boolean endedByALine() {
        String said = output();
        String end = said.substring(said.lastIndexOf("\nxecomla run: ") + 1);
        return end.startsWith("xecomla run: ") && !end.contains("internal error") && !end.contains("\n\tat ");
    }

    /** Waits for {@code condition}; whether it came true before the end of the process. */
    boolean awaitUnlessEnded(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return true;
    }

    /** Waits for the end; returns the exit code. */
    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("the command does not end: " + output());
        }
        return process.exitValue();
    }

    /** Sets its clock. */
    void setClock(long secondsAhead) throws IOException {
        setClock(clock, secondsAhead);
    }

    static void setClock(Path file, long secondsAhead) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
        Files.write(file, bytes.putLong(secondsAhead).array());
    }

    /** Sends SIGSTOP, SIGCONT and the like. */
    static void signal(ProcessHandle to, String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(to.pid()))
                .redirectErrorStream(true)
                .start()
                .waitFor();
    }
}
