package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.corpus.tokenizer.library.TokenizerLibrary;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * Tokenizers over which the native library ends its process, takes all memory or never comes back: each is an error of
 * one line, soon.
 */
class HostileTokenizerTest {
    private static final Path CASES = Path.of("src/test/resources/cases/hostile-02-tokenizer-aborts-jvm");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> TEXTS = List.of(
            "a".repeat(36) + "b",
            "",
            " ",
            "Zoë's naïve café — 3,141 reasons.\n\n\tIt rained; 日本語 and 😀!",
            "x</s>y<s>");

    @TempDir
    Path dir;

    private static String refused(Path file) {
        UserException e = assertTimeoutPreemptively(
                Duration.ofSeconds(30), () -> assertThrows(UserException.class, () -> useAll(file)));
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        assertTrue(e.getMessage().contains(DataFiles.display(DataFiles.path(file.toString()))), e.getMessage());
        assertFalse(e.getMessage().contains("Exception"), e.getMessage());
        return e.getMessage();
    }

    private static void useAll(Path file) {
        try (Tokenizer tokenizer = TokenizerTest.open(file)) {
            for (String text : TEXTS) {
                tokenizer.decode(tokenizer.encode(text));
                tokenizer.encode(text, List.of(new TextSpan(0, text.length())));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "tokenizer.json, retry-limit-in-match over",
        "tokenizer-regex.json, retry-limit-in-match over",
        "tokenizer-precompiled-empty.json, Cannot parse precompiled_charsmap"
    })
    void theCasesAreRefused(String file, String reason) {
        String message = refused(CASES.resolve(file));
        assertTrue(message.contains(reason), message);
    }

    private static String map(int... bytes) {
        byte[] map = new byte[bytes.length];
        for (int i = 0; i < map.length; i++) {
            map[i] = (byte) bytes[i];
        }
        return precompiled(map);
    }

    private static String precompiled(byte[] map) {
        return "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \""
                + Base64.getEncoder().encodeToString(map) + "\"}";
    }

    private static String random(int length) {
        byte[] map = new byte[length];
        new Random(1).nextBytes(map);
        return precompiled(map);
    }

    private Path with(String section, String json) throws IOException {
        ObjectNode root = (ObjectNode) JSON.readTree(
                TokenizerTest.resource("byte-level/tokenizer.json").toFile());
        ObjectNode parent = section.startsWith("model.") ? (ObjectNode) root.get("model") : root;
        parent.set(section.replace("model.", ""), JSON.readTree(json));
        return Files.writeString(dir.resolve("tokenizer.json"), root.toString());
    }

    @Test
    @Tag("slow")
    void whatEndsTheLibraryIsRefused() throws IOException {
        String regex = "\"pattern\": {\"Regex\": \"^(a+)+$\"}";
        String grows = "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"aaaaaaaaaaaaaaaa\"}";
        String[][] kinds = {
            {"pre_tokenizer", "{\"type\": \"Split\", " + regex + ", \"behavior\": \"Isolated\", \"invert\": false}"},
            {"normalizer", "{\"type\": \"Replace\", " + regex + ", \"content\": \"x\"}"},
            {"normalizer", "{\"type\": \"Replace\", \"pattern\": {\"String\": \"\"}, \"content\": \"x\"}"},
            {"normalizer", map()},
            {"normalizer", map(255, 255, 255, 127, 0, 0)},
            {"normalizer", map(8, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0xC3, 0x28)},
            {"normalizer", map(0, 0, 0, 0, 0, 0, 0, 0)},
            {"normalizer", random(300)},
            {"normalizer", "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"%%%\"}"},
            {"normalizer", "{\"type\": \"Sequence\", \"normalizers\": [" + (grows + ",").repeat(9) + grows + "]}"},
            {"model.continuing_subword_prefix", "\"" + "#".repeat(40) + "\""},
        };
        for (String[] kind : kinds) {
            String message = refused(with(kind[0], kind[1]));
            assertTrue(message.contains("tokenizers library"), message);
        }
    }

    @Test
    void whatTheLibraryRefusesIsOneLine() throws IOException {
        assertTrue(refused(with("model.dropout", "7.5")).contains("Dropout"));
        assertTrue(refused(with("model.merges", "[[1, 2]]")).contains("not a tokenizer that"));
        assertTrue(refused(with("decoder", "{\"type\": \"Nonesuch\"}")).contains("not a tokenizer that"));
    }

    /** The engine of its expressions counts steps, and over blanks it takes as many as there are. */
    @Test
    void blanksWithoutEndAreRefused() {
        try (Tokenizer tokenizer = TokenizerTest.open(TokenizerTest.resource("byte-level"))) {
            UserException e = assertThrows(UserException.class, () -> tokenizer.encode(" ".repeat(12_000_000) + "x"));
            assertTrue(e.getMessage().contains("blanks in a row"), e.getMessage());
        }
    }

    @Test
    void aProcessOfItsOwnGivesTheSame() throws IOException {
        for (String name : List.of("byte-level", "byte-fallback")) {
            String json = Files.readString(TokenizerTest.resource(name).resolve("tokenizer.json"));
            try (TokenizerLibrary here = TokenizerLibrary.open(json, true, name);
                    TokenizerLibrary apart = TokenizerLibrary.open(json, false, name)) {
                for (String text : TEXTS) {
                    for (boolean special : new boolean[] {true, false}) {
                        assertArrayEquals(here.ids(text, special), apart.ids(text, special), text);
                    }
                    TokenizerLibrary.Encoded expected = here.encode(text);
                    TokenizerLibrary.Encoded found = apart.encode(text);
                    assertArrayEquals(expected.ids(), found.ids(), text);
                    assertArrayEquals(expected.starts(), found.starts(), text);
                    assertArrayEquals(expected.ends(), found.ends(), text);
                    long[] ids = new long[found.ids().length];
                    for (int i = 0; i < ids.length; i++) {
                        ids[i] = found.ids()[i];
                    }
                    assertEquals(here.decode(ids, true), apart.decode(ids, true));
                    assertEquals(here.decode(ids, false), apart.decode(ids, false));
                }
            }
        }
    }

    @Test
    void whatIsKnownNeedsNoProcessOfItsOwn() throws IOException {
        for (Path directory : List.of(
                TokenizerTest.resource("byte-level"),
                TokenizerTest.resource("byte-fallback"),
                Path.of("conf/demo/model"))) {
            assertTrue(isPlain(directory), directory.toString());
        }
        assertFalse(isPlain(CASES));
    }

    @Test
    @Tag("shared")
    void realTokenizersNeedNoProcessOfTheirOwn() throws IOException {
        for (String name : List.of("dolma2", "llama-bpe-bytefallback")) {
            assertTrue(isPlain(Path.of(System.getProperty("shared.dir", "../shared"), "tokenizers", name)), name);
        }
    }

    private static boolean isPlain(Path directory) throws IOException {
        Path file = directory.resolve("tokenizer.json");
        return TokenizerJson.parse(Files.readAllBytes(file), DataFiles.path(file.toString()), Set.of())
                .plain();
    }

    @Test
    void aKeyThatStandsTwiceIsRefused() throws IOException {
        String json = Files.readString(TokenizerTest.resource("byte-level/tokenizer.json"));
        Path file = dir.resolve("tokenizer.json");
        Files.writeString(file, json.replaceFirst("\\{", "{\"normalizer\": null, "));
        assertTrue(refused(file).contains("\"normalizer\" twice"));
    }
}
