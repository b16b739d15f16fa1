package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xecomla.hostile.FuzzInput;

/**
 * Jazzer draws files for every reader, led by which branches and comparisons they reach, each in a JVM of its own for
 * {@code fuzz.seconds}. What it finds lies under {@code target/fuzz} and belongs, once mended, among
 * {@link FuzzInput#CASES}. What reached something new stays there too, and the next time begins with it.
 */
@Tag("fuzz")
class FuzzRingTest {
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 60);
    private static final String ONLY = System.getProperty("fuzz.reader", "");
    private static final Path HOME = Path.of("target/fuzz");
    private static final int START_SECONDS = 300;
    private static final int FILE_SECONDS = 20;
    private static final Pattern END = Pattern.compile("#(\\d+)\\s+DONE\\s+cov: (\\d+)");

    /** What one reader was given, and what Jazzer says that it found: nothing, or lines for a developer. */
    private record Fuzzed(String reader, long drawn, int reached, int kept, String found) {
        String line() {
            return String.format("%-22s%12d%10d%8d  %s", reader, drawn, reached, kept, found.isEmpty() ? "-" : "FOUND");
        }
    }

    @Test
    void everythingDrawnIsReadOrRefusedInALine() throws Exception {
        ExecutorService machines =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<Callable<Fuzzed>> all = new ArrayList<>();
        FuzzInput.all().stream()
                .filter(input -> ONLY.isEmpty() || input.id().equals(ONLY))
                .forEach(input -> all.add(() -> fuzz(input)));
        List<String> found = new ArrayList<>();
        System.out.printf("%-22s%12s%10s%8s%n", "reader", "drawn", "reached", "corpus");
        for (Future<Fuzzed> one : machines.invokeAll(all)) {
            Fuzzed fuzzed = one.get();
            System.out.println(fuzzed.line());
            if (!fuzzed.found.isEmpty()) {
                found.add(fuzzed.reader + ": " + fuzzed.found);
            }
        }
        machines.shutdown();
        assertEquals(List.of(), found);
    }

    private static Fuzzed fuzz(FuzzInput input) throws Exception {
        Path home = HOME.resolve(input.id());
        Path corpus = Files.createDirectories(home.resolve("corpus"));
        Path found = Files.createDirectories(home.resolve("found"));
        Path log = home.resolve("log.txt");
        int before = count(found);
        Process jvm = new ProcessBuilder(command(input, home))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = jvm.waitFor(SECONDS + START_SECONDS, TimeUnit.SECONDS);
        jvm.destroyForcibly();
        String said = Files.readString(log);
        Matcher end = END.matcher(said);
        boolean sound = ended && jvm.waitFor() == 0 && end.find() && count(found) == before;
        assertTrue(!sound || Integer.parseInt(end.group(2)) > 1, () -> "nothing is reached: " + said);
        return new Fuzzed(
                input.id(),
                sound ? Long.parseLong(end.group(1)) : 0,
                sound ? Integer.parseInt(end.group(2)) : 0,
                count(corpus),
                sound ? "" : shortened(said) + "\nthe files are in " + found + ", all lines in " + log);
    }

    private static List<String> command(FuzzInput input, Path home) throws IOException {
        String sanitizers = "com.code_intelligence.jazzer.sanitizers.";
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "--add-modules",
                "jdk.incubator.vector",
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-Djava.io.tmpdir="
                        + Files.createDirectories(home.resolve("tmp")).toAbsolutePath(),
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + FuzzTarget.class.getName(),
                "--target_args=" + input.id(),
                "--instrumentation_includes=org.xecomla.**:com.typesafe.config.**:org.apache.parquet.format.**",
                "--custom_hook_includes=org.xecomla.**",
                "--disabled_hooks=" + sanitizers + "LdapInjection:" + sanitizers + "NamingContextLookup",
                "--reproducer_path=" + home,
                "-artifact_prefix=" + home.resolve("found") + "/",
                "-max_total_time=" + SECONDS,
                "-timeout=" + FILE_SECONDS,
                home.resolve("corpus").toString(),
                seeds(input, home).toString()));
        Path cases = FuzzInput.CASES.resolve(input.id());
        if (Files.exists(cases)) {
            command.add(cases.toString());
        }
        return command;
    }

    private static Path seeds(FuzzInput input, Path home) throws IOException {
        Path seeds = Files.createDirectories(home.resolve("seeds"));
        List<byte[]> sound = input.seeds().make();
        for (int i = 0; i < sound.size(); i++) {
            Files.write(seeds.resolve("seed-" + i), sound.get(i));
        }
        return seeds;
    }

    private static int count(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return (int) files.count();
        }
    }

    /** Without the thousands of lines of progress. */
    private static String shortened(String said) {
        List<String> lines = said.lines()
                .filter(line -> !line.startsWith("INFO:") && !line.startsWith("#"))
                .toList();
        return String.join("\n", lines.subList(0, Math.min(60, lines.size())));
    }
}
