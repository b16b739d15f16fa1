package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.Pipeline;
import org.xecomla.spark.TinyRun;
import org.xecomla.spark.driver.RunControl;
import org.xecomla.spark.driver.StageContext;

/** Duplicates, benchmarks, weights and conversations, from the files to the report and to the trained student. */
@Tag("spark")
class CorpusPreparationTest {
    @TempDir
    static Path dir;

    private static TinyRun tiny;

    private final List<String> lines = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        tiny = TinyRun.in(dir);
        Files.writeString(
                dir.resolve("base/chat_template.jinja"),
                "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}");
    }

    @AfterAll
    static void stop() {
        System.clearProperty("spark.master");
        System.clearProperty("spark.ui.enabled");
    }

    private RunConfig config(String name, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(tiny.settings(name, 1));
        settings.putAll(more);
        return RunConfig.ofOverrides(settings);
    }

    private JsonNode shard(RunConfig config) throws IOException {
        SparkConf conf =
                new SparkConf().setMaster("local[2]").setAppName("test").set("spark.ui.enabled", "false");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            StageContext context = StageContext.of(
                    spark, config, lines::add, new RunControl(DataFiles.path(dir.toString()), Duration.ofMinutes(1)));
            new ShardStage().run(context);
            return new ObjectMapper()
                    .readTree(Path.of(context.layout()
                                    .trainShards()
                                    .path()
                                    .toUri()
                                    .getPath())
                            .resolve(CorpusReport.FILE)
                            .toFile());
        }
    }

    @Test
    void whatIsDroppedIsCountedWithItsReason() throws IOException {
        List<String> stories = Files.readAllLines(dir.resolve("train.jsonl"));
        List<String> again = new ArrayList<>(stories);
        again.addAll(stories.subList(0, 7));
        Path doubled = Files.write(dir.resolve("doubled.jsonl"), again);
        String text = new ObjectMapper().readTree(stories.get(20)).get("text").asText();
        String[] words = text.split(" ");
        Path tasks = dir.resolve("tasks.jsonl");
        String piece = String.join(" ", List.of(words).subList(3, 25)).toUpperCase(Locale.ROOT);
        new ObjectMapper().writeValue(tasks.toFile(), Map.of("q", List.of(piece + "?")));
        JsonNode report = shard(config(
                "dropped",
                Map.of(
                        "corpus.train",
                        "[\"" + doubled + "\", \"" + dir.resolve("valid.jsonl") + "\"]",
                        "corpus.weights",
                        "[1, 2.5]",
                        "corpus.drop-duplicates",
                        "true",
                        "corpus.decontaminate.tasks",
                        "[\"" + tasks + "\"]",
                        "corpus.decontaminate.ngram",
                        "20")));
        assertEquals(67 + 30, report.get("documents").asInt());
        JsonNode dropped = report.get("dropped");
        assertEquals(7, dropped.get("duplicate").asInt());
        assertEquals(1, dropped.get("in-benchmark").asInt());
        int notDrawn = dropped.get("not-drawn").asInt();
        assertTrue(notDrawn > 0 && notDrawn < 10, report.toString());
        assertEquals(59, report.get("sources").get(0).get("kept").asInt());
        assertEquals(30 - notDrawn, report.get("sources").get(1).get("kept").asInt());
        assertEquals(report.get("tokens"), report.get("learned-tokens"));
        String said = String.join("\n", lines);
        assertTrue(said.contains("7 of 97 documents dropped: the same text came before"), said);
        assertTrue(said.contains("1 of 97 documents dropped: shares a run of words with a task file"), said);
    }

    @Test
    void rowsThatArePassedOverAreCountedAndSaid() throws IOException {
        List<String> rows = new ArrayList<>(Files.readAllLines(dir.resolve("train.jsonl")));
        rows.add(3, "{\"text\": null}");
        rows.add("{\"text\": oops}");
        Path file = Files.write(dir.resolve("bad.jsonl"), rows);
        Map<String, String> settings = new HashMap<>(Map.of("corpus.train", "[\"" + file + "\"]"));
        settings.put("corpus.skip-bad-rows", "2");
        JsonNode report = shard(config("passed-over", settings));
        assertEquals(rows.size(), report.get("documents").asInt());
        assertEquals(2, report.get("dropped").get("bad-row").asInt());
        String said = String.join("\n", lines);
        assertTrue(said.contains("2 of " + rows.size() + " documents dropped: no document can be read"), said);
        settings.put("corpus.skip-bad-rows", "1");
        UserException e = assertThrows(UserException.class, () -> shard(config("too-many", settings)));
        assertTrue(e.getMessage().contains("corpus.skip-bad-rows"), e.getMessage());
    }

    @Test
    void aStudentLearnsFromWhatTheAssistantSays() throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<Map<String, String>> turns = new ArrayList<>();
        for (String line : Files.readAllLines(dir.resolve("train.jsonl"))) {
            String text = json.readTree(line).get("text").asText();
            int middle = text.indexOf(' ', text.length() / 2);
            turns.add(Map.of(
                    "instruction", text.substring(0, middle), "input", "", "output", text.substring(middle + 1)));
        }
        Path chat = dir.resolve("chat.json");
        json.writeValue(chat.toFile(), turns);
        RunConfig config = config("chat", Map.of("corpus.train", "[\"" + chat + "\"]"));
        System.setProperty("spark.master", "local[2]");
        System.setProperty("spark.ui.enabled", "false");
        new Pipeline(config, "test", lines::add).run(Stages.ofRun());
        double share;
        try (TokenShards shards =
                TokenShards.open(RunLayout.of(config).trainShards().path())) {
            assertTrue(shards.spec().marked());
            long numLearned = 0;
            for (long s = 0; s < shards.numSequences(); s++) {
                for (boolean learned : shards.sequence(s).learned()) {
                    numLearned += learned ? 1 : 0;
                }
            }
            share = numLearned / (double) (shards.numSequences() * shards.sequenceLength());
        }
        assertTrue(share > 0.3 && share < 0.7, "share " + share);
        JsonNode models =
                json.readTree(dir.resolve("chat/eval/result.json").toFile()).get("models");
        double start = models.get(1).get("kl_to_teacher").asDouble();
        double end = models.get(2).get("kl_to_teacher").asDouble();
        assertTrue(end < 0.9 * start, "KL from " + start + " to " + end);
        assertTrue(lines.stream().anyMatch(line -> line.contains("tokens are learned")), String.join("\n", lines));
    }
}
