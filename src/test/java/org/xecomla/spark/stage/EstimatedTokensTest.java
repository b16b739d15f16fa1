package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.StreamPart;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.NgramSet;
import org.xecomla.estimate.CorpusSize;
import org.xecomla.run.RunModels;
import org.xecomla.spark.TinyRun;

/** What {@code estimate} says of a corpus is what {@code shard} then counts, but for a few in a hundred. */
@Tag("spark") // what shard does to some megabytes takes a while
class EstimatedTokensTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double WITHIN = 0.05;

    @TempDir
    Path dir;

    private Map<String, String> settings;

    @BeforeEach
    void run() throws Exception {
        settings = new HashMap<>(TinyRun.in(dir).settings("run", 1));
    }

    private static String english(Random random) {
        return words(random, "once upon a time there was little girl who liked to play with her dog");
    }

    private static String russian(Random random) {
        return words(random, "однажды жила была маленькая девочка которая любила играть со своей собакой");
    }

    /** Of 5 to 600 words: documents differ in length. */
    private static String words(Random random, String of) {
        String[] words = of.split(" ");
        int count = 5 + (int) (595 * Math.pow(random.nextDouble(), 3));
        return random.ints(count, 0, words.length).mapToObj(i -> words[i]).collect(Collectors.joining(" "));
    }

    private static String row(Object... keysAndValues) {
        Map<String, Object> row = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            row.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        try {
            return JSON.writeValueAsString(row);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String lines(String name, int count, IntFunction<String> row) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, IntStream.range(0, count).mapToObj(row).collect(Collectors.joining("\n")) + "\n");
        return file.toString();
    }

    private void assertEstimated(String... entries) throws IOException {
        settings.put("corpus.train", JSON.writeValueAsString(entries));
        RunConfig config = RunConfig.ofOverrides(settings);
        ModelConfig base = RunModels.base(config).config();
        CorpusSize size = CorpusSize.measure(config, base);
        long exact = count(config, base);
        assertEquals(1, (double) size.tokens() / exact, WITHIN, size.tokens() + " for " + exact);
        assertTrue(size.tokensPerSecond().orElseThrow() > 0);
    }

    /** As the stage's tasks do, without Spark. */
    private long count(RunConfig config, ModelConfig base) throws IOException {
        String scratch = Files.createTempDirectory(dir, "parts").toUri().toString();
        CorpusTasks tasks = new CorpusTasks(
                config, base, config.corpus().train(), config.corpus().weights(), scratch);
        List<DocumentSplit> splits = tasks.documents().splits(DocumentSplit.TASK_BYTES);
        List<Integer> all = IntStream.range(0, splits.size()).boxed().toList();
        return tasks.writeParts(splits, all, NgramSet.NONE, bytes -> {}).stream()
                .mapToLong(StreamPart::numTokens)
                .sum();
    }

    /** Two bytes a letter: counted in chars it was twice too much. */
    @Test
    void ofCyrillic() throws IOException {
        Random random = new Random(1);
        assertEstimated(lines("ru.jsonl", 600, i -> row("text", russian(random))));
        assertEstimated(lines("ru.txt", 300, i -> russian(random)));
    }

    /** More than a place's bytes, so that it is looked at in eight places; escapes and keys are no text. */
    @Test
    void ofRowsThatAreMostlySomethingElse() throws IOException {
        Random random = new Random(2);
        String vector = "0.123456789,".repeat(600);
        assertEstimated(lines(
                "meta.jsonl",
                1500,
                i -> row("id", i, "embedding", vector, "text", english(random), "url", "http://x")));
    }

    /** In the order of their names: what stands first is not what follows. */
    @Test
    void ofADirectoryWhoseFilesDiffer() throws IOException {
        Random random = new Random(3);
        for (int file = 0; file < 20; file++) {
            boolean isLater = file >= 5;
            lines(
                    String.format("many/%02d.jsonl", file),
                    200,
                    i -> isLater
                            ? row("text", russian(random), "note", "x".repeat(900))
                            : row("text", english(random)));
        }
        assertEstimated(dir.resolve("many").toString());
    }

    @Test
    void ofAnArray() throws IOException {
        Random random = new Random(4);
        String rows = IntStream.range(0, 300)
                .mapToObj(i -> row("text", russian(random), "id", i))
                .collect(Collectors.joining(",\n"));
        assertEstimated(
                Files.writeString(dir.resolve("array.json"), "[" + rows + "]").toString());
    }

    @Test
    void ofWhatIsCompressed() throws IOException {
        Random random = new Random(5);
        byte[] rows = IntStream.range(0, 600)
                .mapToObj(i -> row("text", i % 3 == 0 ? russian(random) : english(random), "id", i))
                .collect(Collectors.joining("\n"))
                .getBytes(StandardCharsets.UTF_8);
        Path gzip = dir.resolve("a.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(rows);
        }
        assertEstimated(gzip.toString());
        Path zstd = dir.resolve("a.jsonl.zst");
        try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(zstd))) {
            out.write(rows);
        }
        assertEstimated(zstd.toString());
    }

    /** More contents than are unpacked to see how far they reach: the rest goes by the file's bytes. */
    @Test
    void ofWhatIsCompressedAndLong() throws IOException {
        Random random = new Random(6);
        Path gzip = dir.resolve("long.jsonl.gz");
        String[] noise = new String[64];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = random.ints(12_000, 32, 127)
                    .filter(c -> c != '"' && c != '\\')
                    .mapToObj(Character::toString)
                    .collect(Collectors.joining());
        }
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            for (int i = 0; i < 4000; i++) {
                String line = row(
                                "text",
                                "It was " + random.nextInt(1000) + " and so on.",
                                "noise",
                                noise[random.nextInt(noise.length)])
                        + "\n";
                out.write(line.getBytes(StandardCharsets.UTF_8));
            }
        }
        assertEstimated(gzip.toString());
    }

    @Test
    void ofParquet() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType(
                "message row { required binary text (STRING); required binary url (STRING); required double score; }");
        Random random = new Random(7);
        for (int rowGroup : List.of(200_000, 1 << 26)) {
            Path file = dir.resolve("rows" + rowGroup + ".parquet");
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                    .withType(schema)
                    .withRowGroupSize((long) rowGroup)
                    .withMinRowCountForPageSizeCheck(1)
                    .build()) {
                for (int i = 0; i < 700; i++) {
                    writer.write(new SimpleGroup(schema)
                            .append("text", i < 200 ? english(random) : russian(random))
                            .append("url", "http://" + Long.toHexString(random.nextLong()))
                            .append("score", random.nextDouble()));
                }
            }
            assertEstimated(file.toString());
        }
    }

    /** The template writes roles and ends of turns. */
    @Test
    void ofConversations() throws IOException {
        Path template = Files.writeString(
                dir.resolve("chat.jinja"),
                "{% for m in messages %}## the turn of {{ m['role'] }}\n{{ m['content'] }}\n## its end\n{% endfor %}");
        settings.put("corpus.chat-template", template.toString());
        settings.put("corpus.learn", "all");
        Random random = new Random(8);
        assertEstimated(lines("chat.jsonl", 300, i -> {
            List<Map<String, String>> turns = new ArrayList<>();
            for (int turn = 0; turn <= i % 5; turn++) {
                turns.add(Map.of("role", "user", "content", "Why?"));
                turns.add(Map.of("role", "assistant", "content", words(random, "so it is and no more")));
            }
            return row("messages", turns, "source", "made up", "uuid", Long.toHexString(random.nextLong()));
        }));
    }

    /** Many documents of one length, for which of them are drawn is chance. */
    @Test
    void ofEntriesByTheirWeights() throws IOException {
        Random random = new Random(9);
        settings.put("corpus.weights", "[2.5, 0.3, 1]");
        assertEstimated(
                lines("a.jsonl", 4000, i -> row("text", "The dog was " + random.nextInt(100) + " and so on.")),
                lines("b.jsonl", 4000, i -> row("text", "Собаке было " + random.nextInt(100) + " и так далее.")),
                lines("c.txt", 100, i -> english(random)));
    }

    /** One document alone may be longer than all that is looked at. */
    @Test
    void ofBooks() throws IOException {
        Random random = new Random(10);
        assertEstimated(lines(
                "books.jsonl",
                3,
                i -> row(
                        "text",
                        IntStream.range(0, 400).mapToObj(k -> english(random)).collect(Collectors.joining("\n")))));
    }
}
