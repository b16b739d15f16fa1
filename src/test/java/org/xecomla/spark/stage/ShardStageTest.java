package org.xecomla.spark.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.corpus.shards.WindowPacker;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;
import org.xecomla.spark.driver.RunControl;
import org.xecomla.spark.driver.StageContext;

@Tag("shared")
class ShardStageTest {
    private static final Path SHARED = Path.of(System.getProperty("shared.dir"));
    private static final Path MODEL = SHARED.resolve("models/stories260K");
    private static final Path VALID = SHARED.resolve("corpora/tinystories-valid.jsonl");
    private static JavaSparkContext spark;

    @TempDir
    Path dir;

    private final List<String> lines = new ArrayList<>();

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(new SparkConf()
                .setMaster("local[2]")
                .setAppName("ShardStageTest")
                .set("spark.ui.enabled", "false"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private StageContext context(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "run.dir",
                dir.resolve("run").toString(),
                "base.path",
                MODEL.toString(),
                "corpus.train",
                "[\"" + VALID + "\"]",
                "corpus.valid",
                "[\"" + VALID + "\"]",
                "corpus.sequences-per-shard",
                "50"));
        settings.putAll(more);
        return StageContext.of(
                spark,
                RunConfig.ofOverrides(settings),
                lines::add,
                new RunControl(DataFiles.path(dir.toString()), Duration.ofMinutes(1)));
    }

    private static void run(StageContext context) {
        new ShardStage().run(context);
    }

    @Test
    void shardsHoldTheWindowsOfTheCorpusInOrder() {
        StageContext context = context(Map.of());
        run(context);
        ModelDirectory base = RunModels.base(context.config());
        try (TokenShards shards =
                        TokenShards.open(context.layout().trainShards().path());
                RunTokenizer tokenizer = RunTokenizer.open(context.config(), base.config())) {
            TextDocuments documents = TextDocuments.of(List.of(DataFiles.path(VALID.toString())));
            List<TokenSequence> windows = WindowPacker.windows(
                    documents, tokenizer.tokenizer(), tokenizer.packing(), shards.sequenceLength());
            assertEquals(256, shards.sequenceLength());
            assertEquals(windows.size(), shards.numSequences());
            assertTrue(shards.numShards() > 1);
            for (int i = 0; i < windows.size(); i++) {
                assertArrayEquals(windows.get(i).ids(), shards.read(i));
            }
        }
        run(context);
        assertEquals(4, lines.size(), lines.toString());
        assertTrue(lines.get(2).contains("kept"), lines.get(2));
    }

    @Test
    void anotherConfigurationsOutputIsRefused() {
        run(context(Map.of()));
        UserException e = assertThrows(UserException.class, () -> run(context(Map.of("sequence.length", "128"))));
        assertTrue(e.getMessage().contains("sequence.length (there 256, asked 128)"), e.getMessage());
        UserException borders = assertThrows(
                UserException.class, () -> run(context(Map.of("sequence.attention-across-documents", "false"))));
        assertTrue(
                borders.getMessage().contains("sequence.attention-across-documents (there true, asked false)"),
                borders.getMessage());
    }

    @Test
    void aBrokenLineIsNamed() throws Exception {
        Path broken = dir.resolve("broken.jsonl");
        Files.writeString(broken, "{\"text\": \"one\"}\n{\"text\": \"two\n");
        UserException e =
                assertThrows(UserException.class, () -> run(context(Map.of("corpus.train", "[\"" + broken + "\"]"))));
        assertTrue(e.getMessage().contains("broken.jsonl line 2"), e.getMessage());
    }
}
