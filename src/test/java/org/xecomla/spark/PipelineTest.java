package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RunStatus;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.stage.DistillStage;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;
import org.xecomla.targets.TargetShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingRun;
import org.xecomla.train.data.DistillationData;
import org.xecomla.train.data.TrainingSequence;

/** The whole pipeline in one JVM, by two replicas of one thread each. */
@Tag("spark")
class PipelineTest {
    private static final List<SparkStage> ALL = Stages.ofRun();

    @RegisterExtension
    static final SparkProperties SPARK = new SparkProperties();

    @TempDir
    static Path dir;

    private static TinyRun tiny;

    private final List<String> lines = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        SPARK.set("spark.eventLog.enabled", "true");
        SPARK.set(
                "spark.eventLog.dir",
                Files.createDirectories(dir.resolve("events")).toUri().toString());
        tiny = TinyRun.in(dir);
    }

    private void run(RunConfig config) {
        new Pipeline(config, "submit/xecomla run", lines::add).run(ALL);
    }

    @Test
    void aRunEndsWithATableAndAStudentAndIsKeptWhenItIsRunAgain() throws Exception {
        Map<String, String> settings = tiny.settings("whole", 2);
        settings.put("eval.tasks.arc_easy", "src/test/resources/tasks/arc_easy.jsonl");
        settings.put("eval.num-fewshot", "1");
        RunConfig config = RunConfig.ofOverrides(settings);
        run(config);
        Path out = dir.resolve("whole");
        JsonNode models = new ObjectMapper()
                .readTree(out.resolve("eval/result.json").toFile())
                .get("models");
        double start = models.get(1).get("kl_to_teacher").asDouble();
        double end = models.get(2).get("kl_to_teacher").asDouble();
        assertEquals(0, models.get(0).get("kl_to_teacher").asDouble(), 1e-6);
        assertTrue(end < 0.8 * start, "KL from " + start + " to " + end);
        assertTrue(models.get(2).get("kv_share_of_base").asDouble() < 0.4);
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("distilled ")), String.join("\n", lines));
        JsonNode tasks = new ObjectMapper()
                .readTree(out.resolve("eval/student-tasks.json").toFile());
        assertEquals(8, tasks.at("/n-samples/arc_easy/effective").asInt());
        assertEquals(8, tasks.at("/samples/arc_easy").size());
        JsonNode details = new ObjectMapper()
                .readTree(out.resolve("eval/student-details.json").toFile());
        assertEquals(
                TinyRun.SEQUENCE_LENGTH,
                details.at("/by_position/kl_to_teacher").size());
        ModelDirectory.open(DataFiles.path(out.resolve("export").toString()));
        String card = Files.readString(out.resolve("export/README.md"));
        assertTrue(card.contains("| distilled |") && card.contains("| arc_easy | 1 | 8 |"), card);
        assertEquals(
                RunStatus.State.SUCCEEDED,
                RunStatus.read(DataFiles.path(out.toString())).state());

        assertEquals(
                List.of("distill", "eval", "init", "shard", "teacher"),
                descriptions().stream()
                        .map(description -> description.substring(0, description.indexOf(':')))
                        .distinct()
                        .sorted()
                        .toList());
        assertTrue(descriptions().contains("init: layers"), () -> "" + lines);
        assertFalse(Files.exists(out.resolve("student-init/parts")), "what layers were made from is still there");
        assertTrue(descriptions().contains("distill: leg 1 from step 0"), () -> "" + lines);

        List<String> metrics = Files.readAllLines(out.resolve("distill/metrics.jsonl"));
        assertEquals(12, metrics.size(), "a line for each round of two steps");
        long lastStep = new ObjectMapper().readTree(metrics.get(11)).get("step").asLong();
        assertEquals(24, lastStep);
        List<String> events = DataFiles.list(
                        DataFiles.path(out.resolve("distill/tensorboard").toString()))
                .stream()
                .map(org.apache.hadoop.fs.Path::getName)
                .toList();
        assertEquals(4, events.size(), "a file of events for each checkpoint");
        assertEquals("events.out.tfevents.0000000024.xecomla", events.get(3));

        String report = Files.readString(out.resolve("report.html"));
        List.of(
                        "<pre>submit/xecomla run</pre>",
                        "Training: distill",
                        "KL to the teacher",
                        "<dt>upcycle.kv-lora-rank</dt>")
                .forEach(part -> assertTrue(report.contains(part), part));

        lines.clear();
        run(config);
        assertEquals(7, lines.stream().filter(line -> line.contains("kept")).count(), String.join("\n", lines));
    }

    /** How Spark's own user interface, and its history, call every job of the run that has just ended. */
    private List<String> descriptions() {
        String appId = lines.stream()
                .filter(line -> line.startsWith("appId="))
                .findFirst()
                .orElseThrow()
                .substring("appId=".length());
        try (Stream<String> events = Files.lines(dir.resolve("events").resolve(appId))) {
            return events.map(PipelineTest::parse)
                    .filter(event -> event.get("Event").asText().equals("SparkListenerJobStart"))
                    .map(event ->
                            event.at("/Properties/spark.job.description").asText("none: a job without a description"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse(String line) {
        try {
            return new ObjectMapper().readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A byte of the newest checkpoint has flipped: an older one is taken, the damaged one kept, and the result the
     * same.
     */
    @Test
    void aDamagedCheckpointIsSetAsideAndAnOlderOneTaken() throws Exception {
        RunConfig config = tiny.config("damaged", 1);
        run(config);
        float[] expected = TinyRun.studentWeights(config);
        Path distill = dir.resolve("damaged/distill");
        Files.delete(distill.resolve("_SUCCESS")); // as if the driver had died before the last word
        for (String later : List.of("eval", "export")) {
            DataFiles.delete(
                    DataFiles.path(dir.resolve("damaged").resolve(later).toString()));
        }
        Path weights = distill.resolve("step-000024/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
        lines.clear();
        run(config);
        assertTrue(lines.contains("distill  goes on from step 18"), String.join("\n", lines));
        assertArrayEquals(bytes, Files.readAllBytes(distill.resolve("damaged-step-000024/model.safetensors")));
        assertArrayEquals(expected, TinyRun.studentWeights(config), 0);
    }

    /** Whatever a finished stage has written is compared when a later one reads it. */
    @Test
    void aFlippedBitOfAFinishedStageStopsTheNext() throws Exception {
        RunConfig config = tiny.config("flipped", 1);
        run(config);
        Path out = dir.resolve("flipped");
        for (String file : List.of(
                "student-init/config.json",
                "student-init/model.safetensors",
                "distill/step-000024/model.safetensors",
                "distill/step-000024/config.json")) {
            DataFiles.delete(DataFiles.path(out.resolve("eval").toString()));
            Path path = out.resolve(file);
            byte[] sound = Files.readAllBytes(path);
            byte[] flipped = sound.clone();
            flipped[flipped.length / 2] ^= 1;
            Files.write(path, flipped);
            UserException e = assertThrows(UserException.class, () -> run(config), file);
            assertTrue(e.getMessage().contains(file + " is not what was written"), e.getMessage());
            Files.write(path, sound);
        }
        run(config);
        Path result = out.resolve("eval/student.json");
        Files.writeString(result, Files.readString(result).replaceFirst("\\d", "9"));
        UserException e = assertThrows(UserException.class, () -> run(config));
        assertTrue(e.getMessage().contains("eval/student.json is not what was written"), e.getMessage());
    }

    @Test
    void oneReplicaEqualsPlainLocalTrainingBitForBit() {
        RunConfig config = tiny.config("single", 1);
        run(config);
        RunLayout layout = new RunLayout(DataFiles.path(config.run().dir()));
        ModelDirectory start = ModelDirectory.open(layout.studentInit().path());
        try (TokenShards tokens = TokenShards.open(layout.trainShards().path());
                TargetShards targets = TargetShards.open(layout.targets().path());
                Kernels kernels = new CpuKernels(1)) {
            TrainingPlan plan = TrainingPlan.distillation(config, tokens.numSequences(), tokens.sequenceLength());
            try (TrainingRun<TrainingSequence> local = new TrainingRun<>(
                    plan, TokenObjective.distillation(config), start.config(), kernels, ParameterAveraging.alone())) {
                local.start(start::load);
                float[] before = flat(local.replica().weights());
                local.train(DistillationData.of(tokens, targets, start.config(), 1), List.of());
                float[] expected = flat(local.replica().weights());
                assertTrue(distance(before, expected) > 1e-3, "training moves the weights");
                ModelDirectory student = ModelDirectory.open(DistillStage.student(layout));
                local.start(student::load);
                assertArrayEquals(expected, flat(local.replica().weights()), 0);
            }
        }
    }

    private static float[] flat(ParameterStore weights) {
        float[] all = new float[Math.toIntExact(weights.layout().numParameters())];
        int at = 0;
        for (var segment : weights.segments()) {
            segment.read(all, at);
            at += segment.cols();
        }
        return all;
    }

    private static double distance(float[] a, float[] b) {
        double max = 0;
        for (int i = 0; i < a.length; i++) {
            max = Math.max(max, Math.abs(a[i] - b[i]));
        }
        return max;
    }

    @Test
    void whatCannotWorkIsSaidBeforeSparkStarts() {
        Map<String, String> settings = tiny.settings("wrong", 2);
        settings.put("upcycle.kv-lora-rank", "1000");
        UserException e = assertThrows(UserException.class, () -> run(RunConfig.ofOverrides(settings)));
        assertTrue(e.getMessage().contains("upcycle.kv-lora-rank = 1000"), e.getMessage());
        assertEquals(List.of(), lines);
    }

    @Test
    void aRingIsRefusedWhereSparkIsToEncrypt() {
        System.setProperty("spark.network.crypto.enabled", "true");
        try {
            UserException e = assertThrows(UserException.class, () -> run(tiny.config("encrypted", 2)));
            assertTrue(e.getMessage().contains("distill.averaging = driver"), e.getMessage());
            assertEquals(List.of(), lines);
        } finally {
            System.clearProperty("spark.network.crypto.enabled");
        }
    }

    @Test
    void moreReplicasThanSlotsAreRefused() {
        UserException e = assertThrows(UserException.class, () -> run(tiny.config("slots", 3)));
        assertTrue(e.getMessage().contains("distill.replicas = 3"), e.getMessage());
    }
}
