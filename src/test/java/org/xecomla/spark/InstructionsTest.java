package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.train.data.DistillationData;
import org.xecomla.train.preference.PreferenceResult;

/**
 * Conversations through every stage by the one command of conf/instructions.conf, shorter: on executors of their own.
 */
class InstructionsTest {
    private static final Path SHIPPED = Path.of("conf/instructions");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path dir;

    @Test
    @Tag("spark")
    void theShippedConversationsAreLearned() throws Exception {
        List<JsonNode> conversations = new ArrayList<>();
        for (String line : Files.readAllLines(SHIPPED.resolve("train.jsonl"))) {
            conversations.add(JSON.readTree(line));
        }
        runAndCheck(Map.of(), conversations);
    }

    /** LLaMA-Factory's alpaca_en_demo, every tenth of its instructions held out. */
    @Test
    @Tag("shared")
    void instructionsOfAnotherMakeAreLearned() throws Exception {
        List<JsonNode> train = new ArrayList<>();
        List<JsonNode> valid = new ArrayList<>();
        Path shared = Path.of(System.getProperty("shared.dir"), "corpora/instructions-demo.json");
        for (JsonNode conversation : JSON.readTree(shared.toFile())) {
            (valid.size() < train.size() / 9 ? valid : train).add(conversation);
        }
        assertEquals(999, train.size() + valid.size());
        Map<String, String> settings = Map.of(
                "corpus.train", "[" + write("train.json", train) + "]",
                "corpus.valid", "[" + write("valid.json", valid) + "]");
        runAndCheck(settings, train);
    }

    private String write(String name, List<JsonNode> conversations) throws Exception {
        Path file = dir.resolve(name);
        JSON.writeValue(file.toFile(), conversations);
        return "\"" + file + "\"";
    }

    private void runAndCheck(Map<String, String> corpus, List<JsonNode> conversations) throws Exception {
        Path run = dir.resolve("run");
        Path events = Files.createDirectories(dir.resolve("events"));
        Map<String, String> settings = new TreeMap<>(corpus);
        settings.put("run.dir", run.toString());
        settings.put("distill.tokens", "120000");
        settings.put("distill.checkpoint-every", "30");
        settings.put("dpo.epochs", "2");
        settings.put("eval.max-windows", "32");
        settings.putAll(EventLog.settings(events));
        try (ClusterProcesses processes = new ClusterProcesses(dir, Map.of())) {
            String output = processes
                    .submit("instructions", "run", settings, "--conf", "conf/instructions.conf")
                    .awaitEnd(0);
            System.out.println(output.substring(output.lastIndexOf("perplexity  KL to teacher") - 26));
        }
        requireAssistantOnly(run, said(conversations));
        requireLearned(run);
        requireTwoExecutors(events);
        String template = Files.readString(SHIPPED.resolve("chat_template.jinja"));
        assertEquals(template, Files.readString(run.resolve("export/chat_template.jinja")));
    }

    /** Everything that the assistant says, each time to the end of its turn. */
    private static String said(List<JsonNode> conversations) {
        StringBuilder said = new StringBuilder();
        for (JsonNode conversation : conversations) {
            if (conversation.has("output")) {
                said.append(conversation.get("output").textValue()).append("</s>");
            }
            for (JsonNode message : conversation.path("messages")) {
                if (message.get("role").textValue().equals("assistant")) {
                    said.append(message.get("content").textValue()).append("</s>");
                }
            }
        }
        return said.toString();
    }

    /**
     * The shards' positions that count are those before the assistant's tokens: these spell what it says and nothing
     * else, and only these positions have a target of the teacher's when they are trained on.
     */
    private static void requireAssistantOnly(Path run, String said) throws Exception {
        RunLayout layout = new RunLayout(DataFiles.path(run.toString()));
        ModelDirectory base = ModelDirectory.open(DataFiles.path("conf/demo/model"));
        List<Integer> counted = new ArrayList<>();
        long numPositions = 0;
        try (TokenShards tokens = TokenShards.open(layout.trainShards().path());
                DistillationData data = DistillationData.open(
                        layout.trainShards().path(), layout.targets().path(), base.config(), 1)) {
            for (long s = 0; s < tokens.numSequences(); s++) {
                TokenSequence sequence = tokens.sequence(s);
                int length = sequence.ids().length;
                assertArrayEquals(sequence.learned(), data.read(s).softLabels().targeted(), "targets of sequence " + s);
                numPositions += length;
                for (int t = 0; t < length; t++) {
                    boolean inside = t + 1 < length || s + 1 < tokens.numSequences();
                    if (sequence.learned()[t] && inside) {
                        counted.add(
                                t + 1 < length
                                        ? sequence.ids()[t + 1]
                                        : tokens.sequence(s + 1).ids()[0]);
                    }
                }
            }
        }
        try (Tokenizer tokenizer = Tokenizer.openFor(base.config(), base.path())) {
            String learned = withoutSpace(
                    tokenizer.decode(counted.stream().mapToInt(id -> id).toArray(), false));
            String expected = withoutSpace(said);
            assertTrue(learned.length() > expected.length() - 1500, "all but what does not fill a sequence");
            assertEquals(expected.substring(0, learned.length()), learned);
        }
        assertTrue(counted.size() < 0.9 * numPositions, counted.size() + " of " + numPositions + " positions count");
        System.out.printf("%,d of %,d positions count: the assistant's%n", counted.size(), numPositions);
    }

    /** White space before an answer may be one token with what begins it. */
    private static String withoutSpace(String text) {
        return text.replaceAll("\\s", "");
    }

    private static void requireLearned(Path run) throws Exception {
        JsonNode models =
                JSON.readTree(run.resolve("eval/result.json").toFile()).get("models");
        double start = models.get(1).get("kl_to_teacher").asDouble();
        double end = models.get(2).get("kl_to_teacher").asDouble();
        assertTrue(end < 0.5 * start, "KL on held-out answers from " + start + " to " + end);
        String preferences = Files.readString(run.resolve("eval-preferences/preferences.json"));
        PreferenceResult result = PreferenceResult.fromJson(preferences);
        assertEquals(
                Files.readAllLines(SHIPPED.resolve("preferences-valid.jsonl")).size(), result.numPairs());
        assertTrue(result.margin() > 0 && result.accuracy() > 0.8, preferences);
    }

    private static void requireTwoExecutors(Path events) throws Exception {
        Map<String, Set<String>> executors = EventLog.executorsOfStage(EventLog.read(events));
        assertTrue(executors.keySet().containsAll(List.of("shard", "teacher", "init", "distill", "dpo", "eval")));
        for (String stage : List.of("distill", "dpo")) {
            assertEquals(Set.of("0", "1"), executors.get(stage), executors::toString);
        }
    }
}
