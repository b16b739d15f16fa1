package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;

/**
 * Small runs by real processes of which drivers and executors are killed at random, over and over: each must end with
 * the very output of the run that nobody disturbed. {@code src/main/scripts/chaos} sets how often and with what seed.
 */
@Tag("chaos")
class ChaosTest {
    private static final int NUM_KILLS = Integer.getInteger("chaos.kills", 30);
    private static final long SEED = Long.getLong("chaos.seed", 1);
    private static final int KILLS_PER_RUN = 10;
    private static final int STEPS = 600;
    private static final int BATCH = 6;
    private static final String MASTER = "local-cluster[2,1,1024]";

    @TempDir
    Path dir;

    private TinyRun tiny;

    private Map<String, String> settings(String name) {
        Map<String, String> settings = tiny.settings(name, 2);
        settings.put("distill.tokens", Integer.toString(STEPS * BATCH * TinyRun.SEQUENCE_LENGTH));
        settings.put("distill.checkpoint-every", "20");
        settings.put("spark.master", MASTER);
        settings.put("distill.executor-timeout", "300"); // with another number of replicas the result is another
        settings.put("spark.driver-memory", "512m");
        settings.put("spark.executor-memory", "512m");
        return settings;
    }

    private SubmittedRun start(String name) throws IOException {
        return SubmittedRun.start(settings(name), Files.createTempFile(dir, name, ".log"), "run");
    }

    @Test
    void whateverIsKilledTheResultIsTheSame() throws Exception {
        tiny = TinyRun.in(dir);
        Map<String, Long> stageMillis = ChaosMonkey.timeStages(start("reference"), dir.resolve("reference"));
        Path log = Files.createDirectories(Path.of("target/chaos")).resolve("kills-" + SEED + ".jsonl");
        Files.deleteIfExists(log);
        ChaosMonkey monkey = new ChaosMonkey(SEED, log, stageMillis);
        int runs = 0;
        while (monkey.numKills() < NUM_KILLS || monkey.stagesHit().size() < ChaosMonkey.STAGES.size()) {
            String name = "run-" + ++runs;
            int left = Math.max(NUM_KILLS - monkey.numKills(), ChaosMonkey.STAGES.size());
            monkey.run(() -> start(name), dir.resolve(name), Math.min(KILLS_PER_RUN, left));
            assertSameResult(name);
            System.out.println("chaos: " + runs + " runs, " + monkey.numKills() + " kills, " + monkey.numRestarts()
                    + " restarts, in stages " + monkey.stagesHit() + ", seed " + SEED
                    + ": all ended with the result of "
                    + "the run that was not disturbed");
        }
    }

    /** A stopped process keeps its connections open and says nothing more. */
    @Test
    void anExecutorThatHangsIsFoundByTimeOut() throws Exception {
        tiny = TinyRun.in(dir);
        start("reference").awaitEnd(0);
        Map<String, String> impatient = settings("hanging");
        impatient.put("distill.replica-timeout", "15");
        SubmittedRun run = SubmittedRun.start(impatient, dir.resolve("hanging.log"), "run");
        run.awaitWhileRunning(() -> SubmittedRun.hasCheckpoint(dir.resolve("hanging/distill")));
        long hanging = run.executors().get(0).pid();
        assertEquals(
                0,
                new ProcessBuilder("kill", "-STOP", Long.toString(hanging))
                        .start()
                        .waitFor());
        run.awaitEnd(0);
        assertTrue(run.output().contains("has waited 15 s in vain for replica"), run.output());
        assertTrue(run.output().contains("distill  goes on from step "), run.output());
        assertSameResult("hanging");
    }

    private void assertSameResult(String name) throws Exception {
        for (String stage : List.of("shards/train", "shards/valid", "targets", "student-init", "eval", "export")) {
            assertEquals(files("reference", stage), files(name, stage), () -> name + ": the files of " + stage);
        }
        List<JsonNode> expected = metrics("reference");
        List<JsonNode> actual = metrics(name);
        assertEquals(STEPS / 2, actual.size(), "every round is there once");
        for (int round = 0; round < actual.size(); round++) {
            long step = 2L * (round + 1);
            JsonNode line = actual.get(round);
            assertEquals(step, line.get("step").asLong());
            assertEquals(
                    step * BATCH * TinyRun.SEQUENCE_LENGTH, line.get("tokens").asLong(), "no token twice");
            double loss = expected.get(round).get("loss").asDouble();
            assertEquals(loss, line.get("loss").asDouble(), 1e-5 * loss, () -> name + " at step " + step);
        }
        assertArrayEquals(weights("reference"), weights(name), 0, () -> name + ": the student");
    }

    /** Digests of the files of a stage, out of its manifest. */
    private JsonNode files(String name, String stage) throws Exception {
        Path manifest = dir.resolve(name).resolve(stage).resolve("manifest.json");
        assertTrue(Files.exists(manifest.resolveSibling("_SUCCESS")), stage);
        return new ObjectMapper().readTree(manifest.toFile()).get("files");
    }

    private List<JsonNode> metrics(String name) throws Exception {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(dir.resolve(name).resolve("distill/metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    private float[] weights(String name) {
        return TinyRun.studentWeights(RunConfig.ofOverrides(settings(name)));
    }
}
