package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A command started by {@code submit/xecomla} as a process of its own, and what it prints. */
public record SubmittedRun(Process process, Path log) {
    private static final int PATIENCE_SECONDS = 600;

    /**
     * Starts {@code command}.
     *
     * @param settings for -D; those in {@code command} win
     * @param log receives what it prints
     */
    public static SubmittedRun start(Map<String, String> settings, Path log, String... command) throws IOException {
        return start(settings, log, Path.of("").toAbsolutePath(), command);
    }

    /** @param workingDirectory where the command is given */
    static SubmittedRun start(Map<String, String> settings, Path log, Path workingDirectory, String... command)
            throws IOException {
        String script = Path.of("submit/xecomla").toAbsolutePath().toString();
        List<String> words = new ArrayList<>(List.of(script, command[0]));
        new TreeMap<>(settings).forEach((key, value) -> words.addAll(List.of("-D", key + "=" + value)));
        words.addAll(List.of(command).subList(1, command.length));
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.directory(workingDirectory.toFile());
        builder.environment().remove("SPARK_HOME");
        return new SubmittedRun(builder.start(), log);
    }

    public String output() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void awaitEnd(int exitCode) throws InterruptedException {
        assertEquals(exitCode, awaitEnd(), this::output);
    }

    /** Waits for the end; returns the exit code. */
    public int awaitEnd() throws InterruptedException {
        boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        assertTrue(ended, () -> "the command does not end: " + output());
        return process.exitValue();
    }

    /** Waits for {@code condition}; whether it came true before the command ended. */
    public boolean awaitUnlessEnded(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            if (!process.isAlive()) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        return true;
    }

    public void awaitWhileRunning(BooleanSupplier condition) throws InterruptedException {
        assertTrue(awaitUnlessEnded(condition), () -> "the command ended before it could be disturbed: " + output());
    }

    /** Whether there is a complete checkpoint in {@code directory}. */
    public static boolean hasCheckpoint(Path directory) {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> steps = Files.list(directory)) {
            return steps.anyMatch(step -> Files.exists(step.resolve("_SUCCESS")));
        } catch (IOException e) {
            return false;
        }
    }

    /** The executors that it has started as processes, as things stand. */
    public List<ProcessHandle> executors() {
        return process.descendants()
                .filter(child -> child.info().commandLine().orElse("").contains("ExecutorBackend"))
                .toList();
    }
}
