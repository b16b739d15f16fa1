package org.xecomla.corpus.shards;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;

/** Preferences from a file to shards, by the demo's tokenizer. */
class PairTokeniserTest {
    private static final Tokenizer TOKENIZER = Tokenizer.open(DataFiles.path("conf/demo/model"));
    private static final PairTokeniser TOKENISER = new PairTokeniser(TOKENIZER, Optional.empty(), 1024, 40, 16);

    @TempDir
    private Path dir;

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    private List<DocumentSplit> write(String... lines) throws Exception {
        Path file = dir.resolve("pairs.jsonl");
        Files.write(file, List.of(lines));
        return PreferenceFiles.splits(List.of(DataFiles.path(file.toString())), 1 << 20);
    }

    private static int[] ids(String text) {
        return TOKENIZER.encode(text);
    }

    private static String line(String prompt, String chosen, String rejected) {
        return String.format("{\"prompt\":\"%s\",\"chosen\":\"%s\",\"rejected\":\"%s\"}", prompt, chosen, rejected);
    }

    @Test
    void stringsBeginWithTheFirstTokenAndEndWithTheLast() throws Exception {
        List<DocumentSplit> splits = write(line("The cat", " sat down.", " ran."), "", line("A", " b", " c"));
        assertEquals(2, PreferenceFiles.count(splits.get(0)));
        TokenPair pair = TOKENISER.tokens(splits.get(0), 0, 1).get(0);
        assertEquals(0, pair.prompt()[0], "<s>");
        assertArrayEquals(ids("The cat"), Arrays.copyOfRange(pair.prompt(), 1, pair.prompt().length));
        assertEquals(1, pair.chosen()[pair.chosen().length - 1], "</s>");
        assertEquals(ids(" ran.").length + 1, pair.rejected().length);
        assertEquals(1, TOKENISER.tokens(splits.get(0), 1, 2).size());
    }

    private static final String SENTENCES = "src/test/resources/tokenizers/byte-fallback";

    /** A tokenizer that marks the beginning of a text marks no answer, as a shard of prompts and completions has it. */
    @Test
    void anAnswerGoesOnWithTheTextOfItsPrompt() throws Exception {
        try (Tokenizer sentences = Tokenizer.open(DataFiles.path(SENTENCES))) {
            PairTokeniser tokeniser = new PairTokeniser(sentences, Optional.empty(), 340, 100, 50);
            TokenPair pair = tokeniser
                    .tokens(write(line("Once upon", " a time", "\\u00e9n\\n")).get(0), 0, 1)
                    .get(0);
            assertArrayEquals(with(1, sentences.encode("Once upon a time")), join(pair.prompt(), pair.chosen()));
            assertArrayEquals(with(1, sentences.encode("Once upon\u00e9n\n")), join(pair.prompt(), pair.rejected()));
            assertArrayEquals(with(1, sentences.encode("Once upon")), pair.prompt());
            Path rows = dir.resolve("rows.jsonl");
            Files.writeString(rows, "{\"prompt\":\"Once upon\",\"completion\":\" a time\"}");
            TextDocuments.of(List.of(DataFiles.path(rows.toString()))).read(document -> {
                MaskedTokens shard = Packing.of(sentences, 340, true).tokens(document, sentences, ChatRules.NONE);
                assertArrayEquals(join(pair.prompt(), pair.chosen()), shard.ids());
                for (int i = 0; i < shard.ids().length; i++) {
                    assertEquals(i >= pair.prompt().length, shard.counted()[i], "token " + i);
                }
                return true;
            });
        }
    }

    /** An answer that goes on in the middle of a word, and one whose first word takes the space before it. */
    @Test
    void whatAnAnswerChangesOfThePromptBelongsToBothAnswers() throws Exception {
        List<DocumentSplit> splits = write(line("The ca", "t sat", "r ran"), line("The cat ", "sat", "\\n"));
        for (TokenPair pair : TOKENISER.tokens(splits.get(0), 0, 2)) {
            String prompt = TOKENIZER.decode(pair.prompt());
            String chosen = TOKENIZER.decode(join(pair.prompt(), pair.chosen()));
            String rejected = TOKENIZER.decode(join(pair.prompt(), pair.rejected()));
            assertArrayEquals(with(0, ids(chosen), 1), join(pair.prompt(), pair.chosen()), chosen);
            assertArrayEquals(with(0, ids(rejected), 1), join(pair.prompt(), pair.rejected()), rejected);
            assertTrue(List.of("The", "The cat").contains(prompt), prompt);
        }
    }

    private static int[] with(int first, int[] ids, int... last) {
        return join(join(new int[] {first}, ids), last);
    }

    private static int[] join(int[] a, int[] b) {
        return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
    }

    @Test
    void conversationsAreWrittenByTheChatTemplate() throws Exception {
        String template =
                "{{ bos_token }}{% for m in messages %}{{ '[' + m.role + '] ' + m.content + '\n' }}{% endfor %}"
                        + "{% if add_generation_prompt %}{{ '[assistant] ' }}{% endif %}";
        PairTokeniser chats = new PairTokeniser(
                TOKENIZER, Optional.of(ChatTemplate.of(template, Map.of("bos_token", "<s>"), "test")), 1024, 200, 100);
        String user = "{\"role\":\"user\",\"content\":\"Hello\"}";
        String good = "{\"role\":\"assistant\",\"content\":\"Good day\"}";
        String bad = "{\"role\":\"assistant\",\"content\":\"No\"}";
        String whole =
                "{\"prompt\":\"Hello\",\"chosen\":[" + user + "," + good + "],\"rejected\":[" + user + "," + bad + "]}";
        String answers = "{\"prompt\":[" + user + "],\"chosen\":[" + good + "],\"rejected\":[" + bad + "]}";
        String said = "{\"prompt\":\"Hello\",\"chosen\":[" + good + "],\"rejected\":[" + bad + "]}";
        List<DocumentSplit> splits = write(whole, answers, said);
        for (TokenPair pair : chats.tokens(splits.get(0), 0, 3)) {
            String prompt = "<s>[user] Hello\n[assistant]";
            assertArrayEquals(ids(prompt), pair.prompt(), "the space after it belongs to the next word");
            assertArrayEquals(ids(prompt + " Good day\n"), join(pair.prompt(), pair.chosen()));
            assertArrayEquals(ids(prompt + " No\n"), join(pair.prompt(), pair.rejected()));
        }
        String message = assertThrows(UserException.class, () -> TOKENISER.tokens(splits.get(0), 0, 1))
                .getMessage();
        assertTrue(message.contains("pairs.jsonl line 1") && message.contains("chat template"), message);
    }

    @Test
    void shardsHoldThePairsOfTheirRange() throws Exception {
        List<DocumentSplit> splits =
                write(line("A", " b", " c"), line("The cat", " sat.", " ran."), line("", "x", "y"));
        List<TokenPair> pairs = TOKENISER.tokens(splits.get(0), 0, 3);
        ShardPlan plan = new ShardPlan(3, 2);
        org.apache.hadoop.fs.Path out = DataFiles.path(dir.resolve("out").toString());
        PairShards.write(out, plan, TOKENISER.settings(), 0, pairs.subList(0, 2));
        PairShards.write(out, plan, TOKENISER.settings(), 1, pairs.subList(2, 3));
        assertTrue(PairShards.isComplete(out, plan, TOKENISER.settings(), 1));
        try (PairShards shards = PairShards.open(out)) {
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(pairs.get(i).prompt(), shards.read(i).prompt());
                assertArrayEquals(pairs.get(i).chosen(), shards.read(i).chosen());
                assertArrayEquals(pairs.get(i).rejected(), shards.read(i).rejected());
            }
            assertEquals(TOKENIZER.digest(), shards.tokenizerDigest());
        }
        try (PairShards second = PairShards.openShard(out, 1)) {
            assertArrayEquals(pairs.get(2).chosen(), second.read(2).chosen());
        }
    }

    @Test
    void parquetHoldsTheSamePairs() throws Exception {
        org.apache.hadoop.fs.Path file =
                DataFiles.path(dir.resolve("pairs.parquet").toString());
        MessageType schema = MessageTypeParser.parseMessageType(
                "message row { required binary prompt (STRING); required binary chosen (STRING);"
                        + " optional binary rejected (STRING); }");
        List<List<String>> rows = List.of(List.of("A", " b", " c"), List.of("The cat", " sat.", " ran."));
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(file).withType(schema).build()) {
            for (List<String> row : rows) {
                writer.write(new SimpleGroup(schema)
                        .append("prompt", row.get(0))
                        .append("chosen", row.get(1))
                        .append("rejected", row.get(2)));
            }
            writer.write(new SimpleGroup(schema).append("prompt", "A").append("chosen", " b"));
        }
        DocumentSplit split =
                PreferenceFiles.splits(List.of(file), Long.MAX_VALUE / 2).get(0);
        assertEquals(3, PreferenceFiles.count(split));
        List<TokenPair> pairs = TOKENISER.tokens(split, 0, 2);
        DocumentSplit lines =
                write(line("A", " b", " c"), line("The cat", " sat.", " ran.")).get(0);
        for (int i = 0; i < 2; i++) {
            TokenPair same = TOKENISER.tokens(lines, i, i + 1).get(0);
            assertArrayEquals(same.prompt(), pairs.get(i).prompt());
            assertArrayEquals(same.chosen(), pairs.get(i).chosen());
            assertArrayEquals(same.rejected(), pairs.get(i).rejected());
        }
        String message = assertThrows(UserException.class, () -> TOKENISER.tokens(split, 2, 3))
                .getMessage();
        assertTrue(message.contains("pairs.parquet row 3") && message.contains("\"rejected\""), message);
    }

    @Test
    void whatIsNoPreferenceIsRefusedWithItsLine() throws Exception {
        List<DocumentSplit> splits = write(line("A", " b", " c"), "{\"prompt\":\"A\",\"chosen\":\" b\"}");
        String message = assertThrows(UserException.class, () -> TOKENISER.tokens(splits.get(0), 0, 2))
                .getMessage();
        assertTrue(message.contains("pairs.jsonl line 2") && message.contains("\"rejected\""), message);
    }
}
