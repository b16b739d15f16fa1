package org.xecomla.corpus.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The ids of words that the tokenizers library has encoded before: text repeats its words, and looking one up takes a
 * tenth of the time. The ids are the library's, for every text.
 *
 * <p>Text is cut before each space that follows a visible ASCII character. With the pre-tokenizers that
 * {@link #isExact} knows, no match of their expression goes on from such a character over the space, and none looks
 * ahead over it or behind itself, so that a match ends there in the whole text as in its piece. The BPE model sees one
 * match at a time. Thread-safe.
 */
final class WordCache {
    /** Bounds the memory to some 20 MB. */
    static final int MAX_WORDS = 1 << 16;

    private static final int MAX_CHARS = 64;

    /** That of Llama 3 and GPT-4. */
    private static final Set<String> SPLITS = Set.of(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                    + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

    private final Map<String, int[]> words = new ConcurrentHashMap<>();
    private final int maxWords;

    WordCache(int maxWords) {
        this.maxWords = maxWords;
    }

    /**
     * Whether cutting text before spaces changes no id, by the sections of a tokenizer.json: GPT-2's byte level or
     * Llama 3's split, no normaliser, BPE without dropout, and no added token that has a space or takes those beside
     * it.
     */
    static boolean isExact(
            JsonNode normalizer, JsonNode preTokenizer, JsonNode addedTokens, Map<String, String> model) {
        for (JsonNode token : addedTokens) {
            if (token.path("content").asText().contains(" ")
                    || token.path("lstrip").asBoolean()
                    || token.path("rstrip").asBoolean()
                    || token.path("single_word").asBoolean()) {
                return false;
            }
        }
        return (normalizer.isNull() || normalizer.isMissingNode())
                && "BPE".equals(model.get("type"))
                && "null".equals(model.getOrDefault("dropout", "null"))
                && cutsBeforeSpaces(preTokenizer);
    }

    private static boolean cutsBeforeSpaces(JsonNode preTokenizer) {
        if (isByteLevel(preTokenizer, true)) {
            return true;
        }
        JsonNode steps = preTokenizer.path("pretokenizers");
        JsonNode split = steps.path(0);
        boolean keepsMatches = split.path("behavior").asText().equals("Isolated")
                ? !split.path("invert").asBoolean()
                : split.path("behavior").asText().equals("Removed")
                        && split.path("invert").asBoolean();
        return preTokenizer.path("type").asText().equals("Sequence")
                && steps.size() == 2
                && split.path("type").asText().equals("Split")
                && SPLITS.contains(split.path("pattern").path("Regex").asText())
                && keepsMatches
                && isByteLevel(steps.path(1), false);
    }

    private static boolean isByteLevel(JsonNode preTokenizer, boolean useRegex) {
        return preTokenizer.path("type").asText().equals("ByteLevel")
                && !preTokenizer.path("add_prefix_space").asBoolean(true)
                && preTokenizer.path("use_regex").asBoolean(true) == useRegex;
    }

    /** The ids of {@code text}; {@code library} encodes what is not known. */
    int[] encode(String text, Function<String, int[]> library) {
        int[] ids = new int[text.length() / 2 + 8];
        int length = 0;
        int pending = 0; // from here to the start of the word nothing is encoded yet
        for (int start = 0; start < text.length(); ) {
            int end = endOfWord(text, start);
            int[] known = end - start > MAX_CHARS ? null : known(text.substring(start, end), library);
            if (known != null) {
                if (pending < start) {
                    int[] before = library.apply(text.substring(pending, start));
                    ids = append(ids, length, before);
                    length += before.length;
                }
                ids = append(ids, length, known);
                length += known.length;
                pending = end;
            }
            start = end;
        }
        if (pending < text.length()) {
            int[] rest = library.apply(text.substring(pending));
            ids = append(ids, length, rest);
            length += rest.length;
        }
        return Arrays.copyOf(ids, length);
    }

    private int[] known(String word, Function<String, int[]> library) {
        int[] ids = words.get(word);
        if (ids == null && words.size() < maxWords) {
            ids = library.apply(word);
            words.put(word, ids);
        }
        return ids;
    }

    private static int endOfWord(String text, int start) {
        int space = text.indexOf(' ', start + 1);
        while (space > 0 && !isVisibleAscii(text.charAt(space - 1))) {
            space = text.indexOf(' ', space + 1);
        }
        return space < 0 ? text.length() : space;
    }

    private static boolean isVisibleAscii(char c) {
        return c > ' ' && c < 0x7F;
    }

    private static int[] append(int[] ids, int length, int[] more) {
        int[] room = length + more.length <= ids.length
                ? ids
                : Arrays.copyOf(ids, Math.max(length + more.length, 2 * ids.length));
        System.arraycopy(more, 0, room, length, more.length);
        return room;
    }
}
