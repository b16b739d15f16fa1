package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** Against Python's {@code tokenizers} on two small vocabularies; see src/test/resources/tokenizers. */
public class TokenizerTest {
    @TempDir
    Path directory;

    public static Path resource(String name) {
        return Path.of("src/test/resources/tokenizers").resolve(name);
    }

    public static Tokenizer open(Path path) {
        return Tokenizer.open(DataFiles.path(path.toString()));
    }

    @Test
    void idsAndTextsAreThoseOfPythonsTokenizers() throws IOException {
        JsonNode cases = new ObjectMapper().readTree(Files.readAllBytes(resource("expected.json")));
        assertEquals(14, cases.size());
        for (JsonNode one : cases) {
            try (Tokenizer tokenizer = open(resource(one.get("tokenizer").asText()))) {
                int[] ids = StreamSupport.stream(one.get("ids").spliterator(), false)
                        .mapToInt(JsonNode::asInt)
                        .toArray();
                String text = one.get("text").asText();
                assertArrayEquals(ids, tokenizer.encode(text), text);
                assertEquals(one.get("decoded").asText(), tokenizer.decode(ids), text);
                assertEquals(one.get("decoded_with_specials").asText(), tokenizer.decode(ids, false), text);
            }
        }
    }

    @Test
    void longTextIsNeverTruncatedThoughTheFileAsksForIt() {
        try (Tokenizer tokenizer = open(resource("byte-fallback"))) {
            assertTrue(tokenizer.encode("The pilot mends the lantern. ".repeat(400)).length > 2000);
        }
    }

    @Test
    void anUnpairedSurrogateCountsAsReplacementCharacter() {
        try (Tokenizer tokenizer = open(resource("byte-level"))) {
            assertArrayEquals(
                    tokenizer.encode("a \uFFFD b \uFFFD\uFFFD \uD83D\uDE00"),
                    tokenizer.encode("a \uD83D b \uDC00\uD83D \uD83D\uDE00"));
        }
    }

    @Test
    void vocabularyAndBeginningTokenComeFromTheFilesBeside() throws IOException {
        try (Tokenizer tokenizer = open(resource("byte-fallback"))) {
            assertEquals(340, tokenizer.vocabSize());
            assertEquals(OptionalInt.of(1), tokenizer.bosTokenId());
            assertEquals(OptionalInt.of(2), tokenizer.withBosTokenId(2).bosTokenId());
            assertEquals(OptionalInt.empty(), tokenizer.withBosTokenId(-1).bosTokenId());
            assertThrows(ConfigException.class, () -> tokenizer.withBosTokenId(340));
        }
        try (Tokenizer tokenizer = open(resource("byte-level").resolve("tokenizer.json"))) {
            assertEquals(OptionalInt.empty(), tokenizer.bosTokenId());
        }
        Files.copy(resource("byte-fallback/tokenizer.json"), directory.resolve("tokenizer.json"));
        Files.copy(resource("byte-fallback/tokenizer_config.json"), directory.resolve("tokenizer_config.json"));
        Files.writeString(directory.resolve("config.json"), "{\"bos_token_id\": 2}");
        try (Tokenizer tokenizer = open(directory)) {
            assertEquals(OptionalInt.of(2), tokenizer.bosTokenId(), "the model decides");
            assertEquals(DataFiles.sha256(tokenizer.file()), tokenizer.digest());
        }
    }

    private ObjectNode copied() throws IOException {
        ObjectMapper json = new ObjectMapper();
        return (ObjectNode)
                json.readTree(Files.readAllBytes(resource("byte-fallback").resolve("tokenizer.json")));
    }

    @Test
    void dropoutIsOffAndSaid() throws IOException {
        ObjectNode random = copied();
        ((ObjectNode) random.get("model")).put("dropout", 0.5);
        Path file = Files.writeString(directory.resolve("tokenizer.json"), random.toString());
        String text = "The pilot mends the lantern. ".repeat(20);
        try (Tokenizer without = open(resource("byte-fallback"));
                Tokenizer with = open(file)) {
            for (int i = 0; i < 5; i++) {
                assertArrayEquals(without.encode(text), with.encode(text));
            }
            assertEquals(Optional.empty(), without.note());
            String note = with.note().orElseThrow();
            assertTrue(note.contains("tokenizer.json asks for BPE dropout of 0.5, which is off: "), note);
        }
    }

    /** transformers would give them ids that the model has no rows for. */
    @Test
    void aSpecialTokenThatTheTokenizerDoesNotHaveIsAnError() throws IOException {
        Files.writeString(directory.resolve("tokenizer.json"), copied().toString());
        Path config = directory.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"<|end|>\"}}");
        expectOneLine(directory, "eos_token = \"<|end|>\", which is no token of the tokenizer.json beside it");
        Files.writeString(config, "{\"bos_token\": null, \"eos_token\": \"\u2581The▁\"}");
        try (Tokenizer tokenizer = open(directory)) {
            assertEquals(OptionalInt.empty(), tokenizer.bosTokenId());
            assertEquals(tokenizer.encode("The▁")[0], tokenizer.eosTokenId().orElseThrow(), "a plain word");
        }
    }

    @Test
    void aModelWithTooSmallAVocabularyIsRefusedWithBothNumbers() {
        try (Tokenizer tokenizer = open(resource("byte-fallback"))) {
            tokenizer.requireFits(340, "the base model");
            tokenizer.requireFits(512, "the base model");
            UserException e = assertThrows(ConfigException.class, () -> tokenizer.requireFits(339, "the base model"));
            assertTrue(e.getMessage().contains("340 ids") && e.getMessage().contains("only 339"), e.getMessage());
            assertEquals(tokenizer.decode(new int[] {3}), tokenizer.decode(new int[] {3, 340}), "padding is nothing");
        }
    }

    @Test
    void wrongFilesAreAnsweredInOneLine() throws IOException {
        expectOneLine(directory.resolve("absent"), "no tokenizer at");
        expectOneLine(Files.writeString(directory.resolve("a.json"), "{\"model\": {\"vocab\": {\"a\":"), "broken JSON");
        expectOneLine(Files.writeString(directory.resolve("b.json"), "{\"version\": \"1.0\"}"), "no \"model\"");
        expectOneLine(Files.writeString(directory.resolve("c.json"), "[1]"), "no \"model\"");
        expectOneLine(
                Files.writeString(
                        directory.resolve("d.json"), "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}}}"),
                "not a tokenizer");
    }

    private static void expectOneLine(Path path, String part) {
        UserException e = assertThrows(UserException.class, () -> open(path).close());
        assertTrue(e.getMessage().contains(part) && e.getMessage().contains(path.toString()), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void manyThreadsGetTheSameIds() {
        try (Tokenizer tokenizer = open(resource("byte-level"))) {
            String text = "The gull counts the rope, and captain hides it. ";
            int[] expected = tokenizer.encode(text.repeat(20));
            assertTrue(IntStream.range(0, 200)
                    .parallel()
                    .allMatch(i -> java.util.Arrays.equals(expected, tokenizer.encode(text.repeat(20)))));
        }
    }
}
