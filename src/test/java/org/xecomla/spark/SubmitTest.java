package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RunStatus;
import org.xecomla.report.RunRecord;

/** What {@code submit/xecomla} starts, as processes of their own, some of which are killed. */
@Tag("spark")
class SubmitTest {
    private static final int STEPS = 1200;
    private static final Map<String, String> LONGER = Map.of(
            "distill.tokens", Integer.toString(STEPS * 6 * TinyRun.SEQUENCE_LENGTH), "distill.checkpoint-every", "60");

    @TempDir
    static Path dir;

    private static TinyRun tiny;
    private static float[] uninterrupted;

    /** A run by one process, to the end. */
    @BeforeAll
    static void runUninterrupted() throws Exception {
        tiny = TinyRun.in(dir);
        SubmittedRun run = submit("reference", "local[2]", "run");
        run.awaitEnd(0);
        assertTrue(run.output().contains("distilled "), run.output());
        uninterrupted = TinyRun.studentWeights(config("reference"));
    }

    private static RunConfig config(String name) {
        return RunConfig.ofOverrides(settings(name, "local[2]"));
    }

    private static Map<String, String> settings(String name, String master) {
        Map<String, String> settings = tiny.settings(name, 2);
        settings.putAll(LONGER);
        settings.put("spark.master", master);
        settings.put("spark.executor-memory", "512m");
        return settings;
    }

    private static SubmittedRun submit(String name, String master, String... command) throws Exception {
        return SubmittedRun.start(settings(name, master), Files.createTempFile(dir, name, ".log"), command);
    }

    private static boolean hasCheckpoint(String name) {
        return SubmittedRun.hasCheckpoint(dir.resolve(name).resolve("distill"));
    }

    @Test
    void aRunWhoseDriverIsKilledGoesOnFromItsCheckpoint() throws Exception {
        SubmittedRun killed = submit("killed", "local[2]", "run");
        killed.awaitWhileRunning(() -> hasCheckpoint("killed"));
        killed.process().destroyForcibly().waitFor();
        assertNotEquals(0, killed.process().exitValue());
        assertFalse(Files.exists(dir.resolve("killed/distill/_SUCCESS")), "it was killed in the middle");
        RunStatus last = RunStatus.read(DataFiles.path(dir.resolve("killed").toString()));
        assertEquals(RunStatus.State.RUNNING, last.state());
        assertEquals("distill", last.stage());
        assertTrue(
                last.hasExpired(Instant.now().plusSeconds(61)), "nobody believes it for longer than the lease lasts");

        SubmittedRun resumed = submit("killed", "local[2]", "run");
        resumed.awaitEnd(0);
        assertTrue(resumed.output().contains("distill  goes on from step "), resumed.output());
        assertArrayEquals(uninterrupted, TinyRun.studentWeights(config("killed")), 0);
        assertEquals(STEPS / 2, metrics("killed").size(), "every round is there once");

        RunRecord record =
                RunRecord.read(DataFiles.path(dir.resolve("killed").toString())).orElseThrow();
        assertEquals(1, record.commands().size(), "the same command twice");
        assertTrue(record.commands().get(0).startsWith("submit/xecomla run "), record::toString);
        assertTrue(record.revision().matches("\\d+\\.\\d+.*\\+.+"), "the jar knows its commit: " + record.revision());
        assertTrue(Files.exists(dir.resolve("killed/report.html")));
    }

    private static List<JsonNode> metrics(String name) throws Exception {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(dir.resolve(name).resolve("distill/metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    private static double lastLosses(List<JsonNode> metrics) {
        return metrics.subList(metrics.size() - 50, metrics.size()).stream()
                .mapToDouble(line -> line.get("loss").asDouble())
                .average()
                .orElseThrow();
    }

    /** Two replicas until the driver dies, one from then on: no token is missing, and the loss is about that of two. */
    @Test
    void aRunWhoseDriverIsKilledGoesOnWithAnotherNumberOfReplicas() throws Exception {
        SubmittedRun killed = submit("fewer", "local[2]", "run");
        killed.awaitWhileRunning(() -> hasCheckpoint("fewer"));
        killed.process().destroyForcibly().waitFor();
        SubmittedRun resumed = submit("fewer", "local[2]", "run", "-D", "distill.replicas=1");
        resumed.awaitEnd(0);
        assertTrue(resumed.output().contains("distill  goes on from step "), resumed.output());
        List<JsonNode> metrics = metrics("fewer");
        assertEquals(STEPS / 2, metrics.size(), "every round is there once");
        for (int round = 0; round < metrics.size(); round++) {
            long tokens = 2L * (round + 1) * 6 * TinyRun.SEQUENCE_LENGTH;
            assertEquals(tokens, metrics.get(round).get("tokens").asLong());
        }
        double expected = lastLosses(metrics("reference"));
        assertEquals(expected, lastLosses(metrics), 0.1 * expected);
    }

    private static void signal(SubmittedRun run, String name) throws Exception {
        long pid = run.process().pid();
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .start()
                        .waitFor());
    }

    /** One driver a directory; SIGTERM saves; and the directory may be elsewhere when the run goes on. */
    @Test
    void aRunThatIsToldToStopSavesAndGoesOnElsewhere() throws Exception {
        SubmittedRun run = submit("stopped", "local[2]", "run");
        run.awaitWhileRunning(() -> hasCheckpoint("stopped"));
        signal(run, "STOP"); // it holds its lease and cannot end too early
        SubmittedRun second = submit("stopped", "local[2]", "run");
        second.awaitEnd(1);
        assertTrue(
                second.output()
                        .contains("is being written by another driver, process "
                                + run.process().pid()),
                second.output());
        signal(run, "CONT");
        signal(run, "TERM");
        run.awaitEnd(143);
        RunStatus status = RunStatus.read(DataFiles.path(dir.resolve("stopped").toString()));
        assertEquals(RunStatus.State.STOPPED, status.state());
        assertTrue(run.output().contains("stopped by SIGTERM after step "), run.output());
        assertFalse(Files.exists(dir.resolve("stopped/distill/_SUCCESS")), "it was stopped in the middle");

        Path elsewhere = Files.createDirectories(dir.resolve("another/machine"));
        Files.move(dir.resolve("stopped"), elsewhere.resolve("run"));
        Map<String, String> settings = TinyRun.in(elsewhere).settings("run", 2); // base and corpus there too
        settings("stopped", "local[2]").forEach(settings::putIfAbsent);
        settings.putAll(LONGER);
        settings.put("run.dir", "run");
        SubmittedRun resumed = SubmittedRun.start(settings, dir.resolve("elsewhere.log"), elsewhere, "run");
        resumed.awaitEnd(0);
        assertTrue(resumed.output().contains("distill  goes on from step "), resumed.output());
        settings.put("run.dir", elsewhere.resolve("run").toString());
        assertArrayEquals(uninterrupted, TinyRun.studentWeights(RunConfig.ofOverrides(settings)), 0);
        RunStatus end = RunStatus.read(DataFiles.path(elsewhere.resolve("run").toString()));
        assertEquals(RunStatus.State.SUCCEEDED, end.state());
    }

    @Test
    void aRunThatLosesAnExecutorGoesOnByItself() throws Exception {
        SubmittedRun run = submit("executors", "local-cluster[2,1,1024]", "run");
        run.awaitWhileRunning(() -> hasCheckpoint("executors"));
        run.executors().get(0).destroyForcibly();
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
        SubmittedRun run = submit("wrong", "local[2]", "run", "-D", "distill.local-step=3");
        run.awaitEnd(1);
        assertTrue(run.output().contains("distill.local-step"), run.output());
        assertFalse(run.output().contains("\tat "), run.output());
    }
}
