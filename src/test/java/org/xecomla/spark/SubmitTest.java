package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;

/** What {@code submit/xecomla} starts, as processes of their own, some of which are killed. */
@Tag("spark")
class SubmitTest {
    private static final int STEPS = 1200;

    @TempDir
    static Path dir;

    private static TinyRun tiny;
    private static float[] uninterrupted;

    /** A run by one process, to the end. */
    @BeforeAll
    static void runUninterrupted() throws Exception {
        tiny = TinyRun.in(dir);
        Submitted run = submit("reference", "local[2]", "run");
        run.awaitEnd(0);
        assertTrue(run.output().contains("distilled "), run.output());
        uninterrupted = TinyRun.studentWeights(config("reference"));
    }

    private static RunConfig config(String name) {
        return RunConfig.ofOverrides(settings(name, "local[2]"));
    }

    private static Map<String, String> settings(String name, String master) {
        Map<String, String> settings = tiny.settings(name, 2);
        settings.put("distill.tokens", Integer.toString(STEPS * 6 * TinyRun.SEQUENCE_LENGTH));
        settings.put("distill.checkpoint-every", "60");
        settings.put("spark.master", master);
        settings.put("spark.executor-memory", "512m");
        return settings;
    }

    /** A started command and what it prints. */
    private record Submitted(Process process, Path log) {
        String output() throws IOException {
            return Files.readString(log);
        }

        void awaitEnd(int exitCode) throws Exception {
            boolean ended = process.waitFor(300, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            assertTrue(ended, () -> "the command does not end: " + log);
            assertEquals(exitCode, process.exitValue(), output());
        }

        void awaitWhileRunning(BooleanSupplier condition) throws Exception {
            while (!condition.getAsBoolean()) {
                assertTrue(process.isAlive(), "the command ended before it could be disturbed: " + output());
                TimeUnit.MILLISECONDS.sleep(2);
            }
        }
    }

    private static Submitted submit(String name, String master, String... command) throws Exception {
        List<String> words = new ArrayList<>(List.of("submit/xecomla"));
        words.addAll(List.of(command));
        // Before those of the caller, which win.
        settings(name, master).forEach((key, value) -> words.addAll(2, List.of("-D", key + "=" + value)));
        Path log = Files.createTempFile(dir, name, ".log");
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().remove("SPARK_HOME");
        return new Submitted(builder.start(), log);
    }

    private static boolean hasCheckpoint(String name) {
        Path distill = dir.resolve(name).resolve("distill");
        if (!Files.isDirectory(distill)) {
            return false;
        }
        try (Stream<Path> steps = Files.list(distill)) {
            return steps.anyMatch(step -> Files.exists(step.resolve("_SUCCESS")));
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aRunWhoseDriverIsKilledGoesOnFromItsCheckpoint() throws Exception {
        Submitted killed = submit("killed", "local[2]", "run");
        killed.awaitWhileRunning(() -> hasCheckpoint("killed"));
        killed.process().destroyForcibly().waitFor();
        assertNotEquals(0, killed.process().exitValue());
        assertFalse(Files.exists(dir.resolve("killed/distill/_SUCCESS")), "it was killed in the middle");

        Submitted resumed = submit("killed", "local[2]", "run");
        resumed.awaitEnd(0);
        assertTrue(resumed.output().contains("distill  goes on from step "), resumed.output());
        assertArrayEquals(uninterrupted, TinyRun.studentWeights(config("killed")), 0);
        long rounds;
        try (Stream<String> lines = Files.lines(dir.resolve("killed/distill/metrics.jsonl"))) {
            rounds = lines.count();
        }
        assertEquals(STEPS / 2, rounds, "every round is there once");
    }

    /** Half a stage by one number of tasks, the rest by another, and what was there is not touched again. */
    @Test
    void aTeacherThatIsKilledGoesOnWithTheShardsThatAreMissing() throws Exception {
        String small = "corpus.sequences-per-shard=2";
        submit("whole", "local[1]", "shard", "-D", small).awaitEnd(0);
        submit("whole", "local[1]", "teacher", "-D", small).awaitEnd(0);
        submit("half", "local[2]", "shard", "-D", small).awaitEnd(0);
        Path targets = dir.resolve("half/targets");
        Submitted killed = submit("half", "local[2]", "teacher", "-D", small);
        killed.awaitWhileRunning(() -> shards(targets).size() > 2);
        killed.process().destroyForcibly().waitFor();
        assertFalse(Files.exists(targets.resolve("_SUCCESS")), "it was killed in the middle");
        Map<Path, Object> before = new HashMap<>();
        for (Path shard : shards(targets)) {
            before.put(shard, Files.getLastModifiedTime(shard));
        }

        Submitted resumed = submit("half", "local[1]", "teacher", "-D", small);
        resumed.awaitEnd(0);
        assertTrue(resumed.output().contains("teacher  goes on in "), resumed.output());
        List<Path> made = shards(dir.resolve("whole/targets"));
        assertEquals(made.size(), shards(targets).size());
        assertTrue(before.size() < made.size(), before.size() + " of " + made.size() + " shards were there");
        for (Path shard : made) {
            Path same = targets.resolve(shard.getFileName());
            assertArrayEquals(Files.readAllBytes(shard), Files.readAllBytes(same), shard.toString());
            assertEquals(before.getOrDefault(same, Files.getLastModifiedTime(same)), Files.getLastModifiedTime(same));
        }
    }

    private static List<Path> shards(Path targets) {
        if (!Files.isDirectory(targets)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(targets)) {
            return files.filter(file -> file.toString().endsWith(".shard"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    @Test
    void aRunThatLosesAnExecutorGoesOnByItself() throws Exception {
        Submitted run = submit("executors", "local-cluster[2,1,1024]", "run");
        run.awaitWhileRunning(() -> hasCheckpoint("executors"));
        ProcessHandle executor = run.process()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").contains("ExecutorBackend"))
                .findFirst()
                .orElseThrow();
        executor.destroyForcibly();
        run.awaitEnd(0);
        assertTrue(run.output().contains("ended early"), run.output());
        assertTrue(run.output().contains("distill  goes on from step "), run.output());
        assertArrayEquals(uninterrupted, TinyRun.studentWeights(config("executors")), 0);
    }

    /** With two replicas the order of a sum changes nothing, so both ways give the same bits. */
    @Test
    void averagingThroughSparkEqualsTheRing() throws Exception {
        String tokens = "distill.tokens=" + 60 * 6 * TinyRun.SEQUENCE_LENGTH;
        submit("ring", "local[2]", "run", "-D", tokens).awaitEnd(0);
        submit("blocks", "local-cluster[2,1,1024]", "run", "-D", tokens, "-D", "distill.averaging=driver")
                .awaitEnd(0);
        assertArrayEquals(TinyRun.studentWeights(config("ring")), TinyRun.studentWeights(config("blocks")), 0);
    }

    @Test
    void aWrongSettingIsOneLineAndFailsAtOnce() throws Exception {
        Submitted run = submit("wrong", "local[2]", "run", "-D", "distill.local-step=3");
        run.awaitEnd(1);
        assertTrue(run.output().contains("distill.local-step"), run.output());
        assertFalse(run.output().contains("\tat "), run.output());
    }
}
