package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.files.DataFiles;

/** Ids by words are the library's, over texts made of what pre-tokenizers treat differently. */
class WordCacheTest {
    private static final Path DEMO = Path.of("conf/demo/model/tokenizer.json");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LLAMA3 = """
            {"type": "Sequence", "pretokenizers": [
              {"type": "Split", "pattern": {"Regex": "\
            (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}\
            | ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"},
               "behavior": "Isolated", "invert": false},
              {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
            """;
    private static final List<String> PIECES = List.of(
            " ",
            " ",
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\u00A0",
            "\u2003",
            "\u200B",
            "the",
            "Park",
            "s",
            "'s",
            "'S",
            "'ll",
            "'\u017F",
            "x",
            "7",
            "42",
            "2024",
            "\u0665",
            "\u00BD",
            ".",
            ",",
            "?!",
            "\"",
            "-",
            "_",
            "<s>",
            "</s>",
            "<s",
            "s>",
            "\u00E9",
            "e\u0301",
            "\u4E2D\u6587",
            "\uD83D\uDE00",
            "\0",
            "\u007F",
            "wordwordwordwordwordwordwordwordwordwordwordwordwordwordwordwordword");

    @TempDir
    Path directory;

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(24); n > 0; n--) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return text.toString();
    }

    private Path with(String section, String json) throws IOException {
        ObjectNode tokenizer = (ObjectNode) JSON.readTree(DEMO.toFile());
        tokenizer.set(section, JSON.readTree(json));
        return Files.writeString(directory.resolve("tokenizer.json"), tokenizer.toString());
    }

    private static boolean wordByWord(Path file) throws IOException {
        return TokenizerJson.parse(Files.readAllBytes(file), DataFiles.path(file.toString()), Set.of())
                .wordByWord();
    }

    @Test
    void idsAreTheLibrarysWithTheSplitsOfGpt2AndOfLlama3() throws IOException {
        for (Path file : List.of(DEMO, with("pre_tokenizer", LLAMA3))) {
            assertEquals(true, wordByWord(file));
            Random random = new Random(1);
            try (Tokenizer tokenizer = TokenizerTest.open(file)) {
                for (int round = 0; round < 10_000; round++) {
                    String text = text(random);
                    assertArrayEquals(tokenizer.encodeByLibrary(text), tokenizer.encode(text), text);
                }
            }
        }
    }

    @Test
    void whatCouldMakeADifferenceIsLeftToTheLibrary() throws IOException {
        assertEquals(false, wordByWord(with("normalizer", "{\"type\": \"NFC\"}")));
        assertEquals(false, wordByWord(with("pre_tokenizer", "null")));
        assertEquals(false, wordByWord(with("pre_tokenizer", LLAMA3.replace("{1,3}", "{1,2} "))));
        assertEquals(false, wordByWord(with("pre_tokenizer", LLAMA3.replace("Isolated", "MergedWithNext"))));
        assertEquals(false, wordByWord(with("added_tokens", "[{\"id\": 0, \"content\": \"a b\"}]")));
        assertEquals(false, wordByWord(with("added_tokens", "[{\"id\": 0, \"content\": \"ab\", \"rstrip\": true}]")));
        assertEquals(false, wordByWord(TokenizerTest.resource("byte-fallback/tokenizer.json")));
    }

    @Test
    void aFullCacheStillEncodesEverythingInFewCalls() {
        List<String> asked = new ArrayList<>();
        WordCache cache = new WordCache(2);
        for (int round = 0; round < 2; round++) {
            asked.clear();
            int[] ids = cache.encode("one two three four two one", word -> {
                asked.add(word);
                return word.chars().toArray();
            });
            assertArrayEquals("one two three four two one".chars().toArray(), ids);
        }
        assertEquals(List.of(" three four", " one"), asked);
    }
}
