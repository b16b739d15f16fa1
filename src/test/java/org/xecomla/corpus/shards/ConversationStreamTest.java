package org.xecomla.corpus.shards;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.text.DocumentFilter;
import org.xecomla.corpus.text.DocumentLocation;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.Message;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.MaskedTokens;
import org.xecomla.corpus.tokenizer.TokenBytes;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.corpus.tokenizer.TokenizerTest;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Conversations and plain text in one stream: ids and marks from document to shard. */
class ConversationStreamTest {
    private static final ChatRules CHAT = new ChatRules(
            Optional.of(ChatTemplate.of(
                    "{% for m in messages %}[{{ m.role }}]{{ m.content }};{% endfor %}", Map.of(), "test")),
            true);

    @TempDir
    Path directory;

    @Test
    void marksStandOnePositionBeforeTheirTokensInShardsToo() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 30; i++) {
            lines.append("{\"text\": \"The gull counts ").append(i).append("\"}\n");
            lines.append("{\"instruction\": \"Count ").append(i).append("\", \"output\": \"The rope.\"}\n");
        }
        TextDocuments documents = TextDocuments.of(List.of(DataFiles.path(
                Files.writeString(directory.resolve("a.jsonl"), lines).toString())));
        try (Tokenizer tokenizer = TokenizerTest.open(TokenizerTest.resource("byte-fallback"))) {
            Packing packing = Packing.of(tokenizer, 340, true);
            List<Integer> ids = new ArrayList<>();
            List<Boolean> counted = new ArrayList<>();
            documents.read(document -> {
                MaskedTokens tokens = packing.tokens(document, tokenizer, CHAT);
                for (int i = 0; i < tokens.ids().length; i++) {
                    ids.add(tokens.ids()[i]);
                    counted.add(tokens.counted()[i]);
                }
                return true;
            });
            counted.add(false); // after the end
            int length = 11;
            for (int splitBytes : new int[] {200, 1 << 20}) {
                org.apache.hadoop.fs.Path parts =
                        DataFiles.path(directory.resolve("p" + splitBytes).toString());
                org.apache.hadoop.fs.Path out =
                        DataFiles.path(directory.resolve("s" + splitBytes).toString());
                List<StreamPart> made = new ArrayList<>();
                for (DocumentSplit split : documents.splits(splitBytes)) {
                    made.add(TokenStream.writePart(
                            parts, made.size(), documents, DocumentFilter.none(split), tokenizer, packing, CHAT));
                }
                try (TokenStream stream = TokenStream.open(parts, made, packing)) {
                    TokenShardSpec spec = stream.spec(length, 1000);
                    assertTrue(spec.marked());
                    TokenShardWriter.writeSequences(out, spec, 0, stream.windows(length));
                }
                try (TokenShards shards = TokenShards.open(out)) {
                    assertEquals(ids.size() / length, shards.numSequences());
                    for (int s = 0; s < shards.numSequences(); s++) {
                        TokenSequence sequence = shards.sequence(s);
                        for (int t = 0; t < length; t++) {
                            assertEquals(ids.get(s * length + t), sequence.ids()[t]);
                            assertEquals(counted.get(s * length + t + 1), sequence.learned()[t]);
                        }
                        assertArrayEquals(sequence.ids(), shards.read(s));
                    }
                }
            }
        }
    }

    @Test
    void whatTheAssistantSaysIsLearnedOrAll() throws IOException {
        Document document = Document.of(List.of(new Message("user", "a"), new Message("assistant", "b")), null);
        try (Tokenizer tokenizer = TokenizerTest.open(TokenizerTest.resource("byte-fallback"))) {
            Packing packing = Packing.of(tokenizer, 340, true);
            MaskedTokens some = packing.tokens(document, tokenizer, CHAT);
            MaskedTokens all = packing.tokens(document, tokenizer, new ChatRules(CHAT.template(), false));
            assertArrayEquals(tokenizer.encode("[user]a;[assistant]b;"), some.ids());
            assertArrayEquals(some.ids(), all.ids());
            int first = tokenizer.encode("[user]a;").length;
            for (int i = 0; i < some.ids().length; i++) {
                assertEquals(i >= first, some.counted()[i]);
                assertTrue(all.counted()[i]);
            }
            Document placed = Document.of(
                    document.messages(),
                    new DocumentLocation(
                            DataFiles.path(Files.writeString(directory.resolve("x.jsonl"), "\n")
                                    .toString()),
                            0));
            UserException e =
                    assertThrows(UserException.class, () -> packing.tokens(placed, tokenizer, ChatRules.NONE));
            assertTrue(e.getMessage().contains("x.jsonl line 1 is a conversation"), e.getMessage());
        }
    }

    @Test
    void sequencesOfAnyLengthComeBackWithTheirMarks() {
        Random random = new Random(8);
        for (int length : new int[] {0, 1, 7, 8, 9, 255, 1000}) {
            int[] ids = random.ints(length, 0, 60_000).toArray();
            boolean[] marks = new boolean[length];
            for (int i = 0; i < length; i++) {
                marks[i] = random.nextBoolean();
            }
            boolean[] begins = new boolean[length];
            for (int i = 0; i < length; i++) {
                begins[i] = random.nextInt(5) == 0;
            }
            TokenSequence tokens = new TokenSequence(ids, marks, begins);
            for (TokenBytes width : TokenBytes.values()) {
                for (boolean bordered : new boolean[] {false, true}) {
                    SequenceBytes bytes = new SequenceBytes(width, true, bordered);
                    TokenSequence back = bytes.decode(bytes.encode(tokens));
                    assertArrayEquals(ids, back.ids());
                    assertArrayEquals(marks, back.learned());
                    assertArrayEquals(bordered ? begins : new boolean[length], back.begins());
                }
                SequenceBytes bytes = new SequenceBytes(width, false, true);
                assertArrayEquals(begins, bytes.decode(bytes.encode(tokens)).begins());
            }
        }
    }

    private PartCounts counts(String file, ChatRules chat) {
        TextDocuments documents = TextDocuments.of(List.of(DataFiles.path(
                Path.of("src/test/resources/cases", file).toAbsolutePath().toString())));
        try (Tokenizer tokenizer = TokenizerTest.open(TokenizerTest.resource("byte-fallback"))) {
            DocumentFilter all = DocumentFilter.none(documents.splits(1 << 20).get(0));
            org.apache.hadoop.fs.Path parts = DataFiles.path(
                    directory.resolve("parts-" + chat.assistantOnly()).toString());
            Packing packing = Packing.of(tokenizer, 340, true);
            PartCounts made = TokenStream.writePart(parts, 0, documents, all, tokenizer, packing, chat)
                    .counts();
            PartCounts found = TokenStream.writePart(parts, 0, documents, all, tokenizer, packing, chat)
                    .counts();
            assertEquals(made, found, "what a part says of itself");
            return made;
        }
    }

    /** Nobody in them is called assistant. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "capitals.jsonl; \"Assistant\" 1 times, \"User\" 1 times",
                "model.jsonl; \"model\" 1 times, \"user\" 1 times",
                "only-user.jsonl; \"user\" 1 times",
            })
    void aCorpusOfWhichNothingIsLearnedIsRefusedWithTheRolesInIt(String file, String roles) {
        PartCounts counts = counts("02-nothing-to-learn/" + file, CHAT);
        assertEquals(1, counts.silent().number());
        UserException refused = assertThrows(UserException.class, () -> counts.requireLearned(file));
        assertEquals(
                "nothing would be learned of " + file + ": the roles in its conversations are " + roles
                        + ", and only what \"assistant\" says is learned; name the role so, or set corpus.learn = all",
                refused.getMessage());
        counts("02-nothing-to-learn/" + file, new ChatRules(CHAT.template(), false))
                .requireLearned(file);
    }

    @Test
    void conversationsWithoutAnAnswerAreCountedAmongOthers() {
        PartCounts some = counts("02-nothing-to-learn/only-user.jsonl", CHAT)
                .plus(new PartCounts(Map.of(), 10, 5, SilentConversations.NONE));
        some.requireLearned("both");
        assertEquals(Map.of("user", 1L), some.silent().roles());
    }

    @Test
    void ofACompletionWhatFollowsItsPromptIsLearnedWithItsEnd() throws IOException {
        List<Document> documents = new ArrayList<>();
        TextDocuments.of(List.of(
                        DataFiles.path(Path.of("src/test/resources/cases/26-other-forms/prompt-completion.jsonl")
                                .toAbsolutePath()
                                .toString())))
                .read(documents::add);
        try (Tokenizer tokenizer = TokenizerTest.open(Path.of("conf/demo/model"))) {
            Packing packing = Packing.of(tokenizer, tokenizer.vocabSize(), true);
            MaskedTokens tokens = packing.tokens(documents.get(0), tokenizer, CHAT);
            int[] text = tokenizer.encode("Is 7 prime? Yes.");
            int[] ids = new int[text.length + 2];
            System.arraycopy(text, 0, ids, 1, text.length);
            ids[0] = tokenizer.bosTokenId().orElseThrow();
            ids[ids.length - 1] = tokenizer.eosTokenId().orElseThrow();
            assertArrayEquals(ids, tokens.ids());
            int numPrompt = tokenizer.encode("Is 7 prime?").length;
            for (int i = 0; i < ids.length; i++) {
                assertEquals(i > numPrompt, tokens.counted()[i], "token " + i);
            }
            MaskedTokens all = packing.tokens(documents.get(0), tokenizer, new ChatRules(CHAT.template(), false));
            assertArrayEquals(ids, all.ids());
            assertTrue(all.counted()[0] && all.counted()[1]);
        }
    }

    /** Text rendered beforehand has its special tokens: one of each is enough. */
    @Test
    void aTextThatBeginsWithBosGetsNoSecondOne() {
        Path directory = Path.of("src/test/resources/cases/40-text-that-begins-with-bos");
        List<Document> documents = new ArrayList<>();
        TextDocuments.of(List.of(DataFiles.path(
                        directory.resolve("a.jsonl").toAbsolutePath().toString())))
                .read(documents::add);
        try (Tokenizer tokenizer = TokenizerTest.open(directory)) {
            Packing packing = Packing.of(tokenizer, tokenizer.vocabSize(), true);
            int[] ids = packing.tokens(documents.get(0), tokenizer);
            assertArrayEquals(tokenizer.encode("<s>a dog</s>"), ids);
            assertEquals(1, ids[0]);
            assertEquals(2, ids[ids.length - 1]);
            assertArrayEquals(ids, tokenizer.ended(tokenizer.begun(tokenizer.encode("a dog"))));
        }
    }

    @Test
    void turnsThatAreMarkedSoAreLeftOutWhereAllElseIsLearned() throws IOException {
        List<Document> documents = new ArrayList<>();
        TextDocuments.of(List.of(DataFiles.path(Path.of("src/test/resources/cases/14-turns-not-to-learn/a.jsonl")
                        .toAbsolutePath()
                        .toString())))
                .read(documents::add);
        try (Tokenizer tokenizer = TokenizerTest.open(TokenizerTest.resource("byte-fallback"))) {
            Packing packing = Packing.of(tokenizer, 340, true);
            for (Document document : documents) {
                MaskedTokens tokens = packing.tokens(document, tokenizer, new ChatRules(CHAT.template(), false));
                int start = tokenizer.encode("[user]Is it warm in Bern?;").length;
                int end = tokenizer.encode("[user]Is it warm in Bern?;[assistant]It is.;").length;
                for (int i = 0; i < tokens.ids().length; i++) {
                    assertEquals(i < start || i >= end, tokens.counted()[i], "token " + i);
                }
            }
        }
    }
}
