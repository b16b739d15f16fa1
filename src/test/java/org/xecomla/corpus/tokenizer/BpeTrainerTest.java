package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.errors.UserException;

class BpeTrainerTest {
    private static final int NUM_BASE_TOKENS = 258; // <s>, </s> and the bytes

    @TempDir
    Path directory;

    private static BpeVocabulary vocabulary(int vocabSize, String... texts) {
        BpeTrainer trainer = new BpeTrainer(vocabSize);
        List.of(texts).forEach(trainer::add);
        return trainer.train();
    }

    /** xy occurs three times, yz three times too but with larger ids; then (xy, z) twice, (xy, q) and (y, z) once. */
    @Test
    void mergesTheMostFrequentPairFirst() {
        BpeVocabulary trained = vocabulary(NUM_BASE_TOKENS + 3, "xyz", "xyz", "xyq", "yz");
        assertEquals(
                List.of(new BpeVocabulary.Merge("x", "y"), new BpeVocabulary.Merge("xy", "z")),
                trained.merges().subList(0, 2));
    }

    @Test
    void ofEquallyFrequentPairsTheSmallerIdsWin() {
        BpeVocabulary trained = vocabulary(NUM_BASE_TOKENS + 1, "cd", "ab");
        assertEquals(List.of(new BpeVocabulary.Merge("a", "b")), trained.merges());
    }

    @Test
    void noTokenReachesFromOneWordIntoTheNext() {
        BpeVocabulary trained = vocabulary(NUM_BASE_TOKENS + 50, "it's 12 cats!!\n\nA");
        List<String> words = List.of("it", "'s", "Ġ12", "Ġcats", "!!");
        List<String> merged =
                trained.tokens().subList(NUM_BASE_TOKENS, trained.tokens().size());
        assertTrue(merged.containsAll(words), merged.toString());
        for (String token : merged) {
            assertTrue(words.stream().anyMatch(word -> word.contains(token)), token);
        }
    }

    @Test
    void stopsWhereNothingIsLeftToMerge() {
        BpeVocabulary trained = vocabulary(1000, "ab");
        assertEquals(NUM_BASE_TOKENS + 1, trained.tokens().size());
        assertEquals("<s>", trained.tokens().get(0));
        assertEquals("</s>", trained.tokens().get(1));
    }

    @Test
    void aVocabularyBelowTheBytesIsRefused() {
        assertThrows(UserException.class, () -> new BpeTrainer(257));
    }

    /** The library that other programs read the file with agrees on ids and gives the text back. */
    @Test
    void theFileLoadsAndRoundTrips() throws IOException {
        StoryGrammar grammar = new StoryGrammar(1);
        BpeTrainer trainer = new BpeTrainer(600);
        for (int i = 0; i < 300; i++) {
            trainer.add(grammar.story(i).text());
        }
        BpeVocabulary trained = trainer.train();
        assertEquals(600, trained.tokens().size());
        Path file = directory.resolve("tokenizer.json");
        Files.writeString(file, trained.tokenizerJson());
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false"))) {
            String text = grammar.story(1000).text() + " Zoë paid 7 €.\n\n  \"Oh!\"";
            long[] ids = tokenizer.encode(text, false, false).getIds();
            assertEquals(text, tokenizer.decode(ids));
            long[] withBos = tokenizer.encode(text, true, false).getIds();
            assertEquals(0, withBos[0]);
            assertEquals(ids.length + 1, withBos.length);
            String[] tokens = tokenizer.encode("ab", false, false).getTokens();
            assertArrayEquals(new String[] {"a", "b"}, tokens);
        }
    }
}
