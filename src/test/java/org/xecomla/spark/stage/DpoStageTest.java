package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.spark.Pipeline;
import org.xecomla.spark.SmallestRun;
import org.xecomla.spark.SparkProperties;
import org.xecomla.spark.TinyRun;
import org.xecomla.train.preference.PreferenceResult;

/** The preference stage in one JVM, by two replicas of one thread each. */
@Tag("spark")
class DpoStageTest {
    private static final int NUM_PAIRS = 48;

    @RegisterExtension
    static final SparkProperties SPARK = new SparkProperties();

    @TempDir
    static Path dir;

    private static TinyRun tiny;

    private final List<String> lines = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        tiny = TinyRun.in(dir);
        SmallestRun.writePairs(dir.resolve("pairs.jsonl"), 0, NUM_PAIRS);
        SmallestRun.writePairs(dir.resolve("held-out.jsonl"), NUM_PAIRS, NUM_PAIRS + 8);
    }

    private static Map<String, String> settings(String name) {
        Map<String, String> settings = tiny.settings(name, 2);
        settings.put("dpo.train", "[\"" + dir.resolve("pairs.jsonl") + "\"]");
        settings.put("dpo.valid", "[\"" + dir.resolve("held-out.jsonl") + "\"]");
        settings.put("dpo.pairs-per-shard", "20");
        settings.put("dpo.batch-pairs", "8");
        settings.put("dpo.micro-batch-pairs", "3");
        settings.put("dpo.learning-rate", "1e-3");
        settings.put("dpo.epochs", "2");
        settings.put("dpo.beta", "0.1");
        settings.put("dpo.checkpoint-every", "4");
        return settings;
    }

    private void run(Map<String, String> settings, List<SparkStage> stages) {
        new Pipeline(RunConfig.ofOverrides(settings), "test", lines::add).run(stages);
    }

    private static float[] weights(Path path) {
        return TinyRun.weights(ModelDirectory.open(DataFiles.path(path.toString())));
    }

    @Test
    void preferencesMoveTheStudentAndEvaluationTakesIt() throws Exception {
        run(settings("whole"), Stages.ofRun());
        Path out = dir.resolve("whole");
        List<String> metrics = Files.readAllLines(out.resolve("dpo/metrics.jsonl"));
        assertEquals(6, metrics.size(), "48 pairs twice in batches of 8, in rounds of two steps");
        double first = new ObjectMapper().readTree(metrics.get(0)).get("margin").asDouble();
        double last = new ObjectMapper().readTree(metrics.get(5)).get("margin").asDouble();
        assertTrue(last > first, "margin from " + first + " to " + last);
        PreferenceResult result =
                PreferenceResult.fromJson(Files.readString(out.resolve("eval-preferences/preferences.json")));
        assertEquals(8, result.numPairs());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("after preferences ")), String.join("\n", lines));
        assertTrue(
                lines.stream().anyMatch(line -> line.startsWith("held-out preferences: ")), String.join("\n", lines));
        assertTrue(Files.exists(out.resolve("dpo/step-000012/_SUCCESS")));

        lines.clear();
        run(settings("whole"), Stages.ofRun());
        assertEquals(13, lines.stream().filter(line -> line.contains("kept")).count(), String.join("\n", lines));
    }

    @Test
    void whatIsCompleteIsNeverRedoneAndWhatIsNotIsGoneOnWith() throws Exception {
        run(settings("parts"), Stages.ofRun());
        Path out = dir.resolve("parts");
        float[] expected = weights(out.resolve("dpo/step-000012"));

        Path kept = out.resolve("reference/train/reference-00000.shard");
        Path lost = out.resolve("reference/train/reference-00001.shard");
        byte[] bytes = Files.readAllBytes(lost);
        var written = Files.getLastModifiedTime(kept);
        Files.delete(lost);
        Files.delete(out.resolve("reference/train/_SUCCESS"));
        Files.delete(out.resolve("dpo/_SUCCESS"));
        DataFiles.delete(DataFiles.path(out.resolve("dpo/step-000012").toString()));
        run(settings("parts"), Stages.named("dpo"));
        assertEquals(written, Files.getLastModifiedTime(kept));
        assertArrayEquals(bytes, Files.readAllBytes(lost));
        assertArrayEquals(expected, weights(out.resolve("dpo/step-000012")), 0);
        assertTrue(lines.stream().anyMatch(line -> line.contains("goes on from step 8")), String.join("\n", lines));
    }

    @Test
    void anotherReferenceIsRefused() throws Exception {
        Map<String, String> settings = settings("other");
        run(settings, Stages.named("shard", "teacher", "init", "distill", "dpo"));
        Path out = dir.resolve("other");
        DataFiles.delete(DataFiles.path(out.resolve("distill").toString()));
        settings.put("distill.learning-rate", "1e-3");
        UserException e = assertThrows(UserException.class, () -> run(settings, Stages.named("distill", "dpo")));
        assertTrue(e.getMessage().contains("reference") && e.getMessage().contains("model"), e.getMessage());
    }

    @Test
    void withoutPreferencesTheCommandSaysSo() {
        UserException e = assertThrows(UserException.class, () -> run(tiny.settings("none", 2), Stages.named("dpo")));
        assertTrue(e.getMessage().contains("dpo.train names no file"), e.getMessage());
    }
}
