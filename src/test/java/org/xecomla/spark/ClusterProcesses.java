package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * The processes of a cluster that a test has started, and what is submitted to it. Each is recorded, and killed at the
 * end.
 */
public final class ClusterProcesses implements AutoCloseable {
    public static final String LOOPBACK = "127.0.0.1";
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    private final Path dir;
    private final Map<String, String> environment;
    private final List<Process> started = new ArrayList<>();
    private final Thread atExit = new Thread(this::kill);

    /**
     * @param dir of logs, and of the file {@code pids}
     * @param environment of every process, beside this one's
     */
    public ClusterProcesses(Path dir, Map<String, String> environment) {
        this.dir = dir;
        this.environment = environment;
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** A process and what it prints. */
    public record Started(Process process, Path log) {
        String output() {
            try {
                return Files.readString(log);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Waits for the end, which must be this one. */
        public String awaitEnd(int exitCode) throws InterruptedException {
            assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), () -> "does not end: " + output());
            assertEquals(exitCode, process.exitValue(), this::output);
            return output();
        }

        /** Waits for something that it does. */
        public void await(String what, BooleanSupplier condition) throws InterruptedException {
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (!condition.getAsBoolean()) {
                assertTrue(process.isAlive(), () -> "ended before " + what + ": " + output());
                assertTrue(System.nanoTime() < end, () -> "no " + what + ": " + output());
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
    }

    public Started start(String name, List<String> command) throws IOException {
        Path log = dir.resolve(name + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().remove("SPARK_HOME");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        started.add(process);
        Files.writeString(
                dir.resolve("pids"),
                process.pid() + " " + name + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        return new Started(process, log);
    }

    /** Starts {@code submit/xecomla COMMAND} with settings, then {@code more}. */
    public Started submit(String name, String command, Map<String, String> settings, String... more)
            throws IOException {
        List<String> words = new ArrayList<>(List.of("submit/xecomla", command));
        settings.forEach((key, value) -> words.addAll(List.of("-D", key + "=" + value)));
        words.addAll(List.of(more));
        return start(name, words);
    }

    /** Starts a source file of src/test/cluster as a process with the class path of the pom.xml beside it. */
    Started startSource(String folder, String file, String... jvmOptions) throws Exception {
        Path home = Path.of("src/test/cluster", folder);
        Path classPath = Path.of("target/cluster", folder + ".classpath").toAbsolutePath();
        if (Files.notExists(classPath)
                || Files.getLastModifiedTime(classPath).compareTo(Files.getLastModifiedTime(home.resolve("pom.xml")))
                        < 0) {
            Files.createDirectories(classPath.getParent());
            String goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";
            String out = "-Dmdep.outputFile=" + classPath;
            start(folder + "-classpath", List.of("mvn", "-B", "-q", "-f", home + "/pom.xml", goal, out))
                    .awaitEnd(0);
        }
        List<String> words = new ArrayList<>(List.of(java()));
        words.addAll(List.of(jvmOptions));
        words.addAll(List.of(
                "-cp", Files.readString(classPath).strip(), home.resolve(file).toString()));
        words.add(dir.toAbsolutePath().toString());
        return start(folder, words);
    }

    static String java() {
        return System.getProperty("java.home") + File.separator + "bin" + File.separator + "java";
    }

    /** A port that nobody listens on, as things stand. */
    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(LOOPBACK))) {
            return socket.getLocalPort();
        }
    }

    /** Kills all, their children first; returns what was alive. */
    private List<ProcessHandle> kill() {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : started) {
            try (Stream<ProcessHandle> children = process.descendants()) {
                all.addAll(children.toList());
            }
            all.add(process.toHandle());
        }
        all.forEach(ProcessHandle::destroyForcibly);
        return all;
    }

    /** Kills all and waits for their ends: their directories are about to go. */
    @Override
    public void close() {
        kill().forEach(process -> process.onExit().join());
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
