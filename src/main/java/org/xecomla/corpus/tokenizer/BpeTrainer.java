package org.xecomla.corpus.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.xecomla.errors.UserException;

/**
 * Trains a byte-level BPE as GPT-2 defines it, with the choices of Hugging Face's {@code BpeTrainer}: text is cut into
 * words by GPT-2's pattern, a word is its UTF-8 bytes, and the most frequent neighbouring pair becomes a token until
 * the vocabulary is full; of equally frequent pairs the one of smaller ids.
 *
 * <p>Same texts, same tokenizer. Every merge goes over all distinct words, which suits the small vocabularies this is
 * for.
 */
public final class BpeTrainer {
    private static final Pattern WORD = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);
    private static final int NUM_BYTES = 256;

    private final int vocabSize;
    private final Map<String, Long> numOfWord = new TreeMap<>();

    /**
     * @param vocabSize of the tokenizer, special tokens and the 256 bytes included
     * @throws UserException where it has no room for those
     */
    public BpeTrainer(int vocabSize) {
        int smallest = BpeVocabulary.SPECIAL_TOKENS.size() + NUM_BYTES;
        if (vocabSize < smallest) {
            throw new UserException("a vocabulary of " + vocabSize
                    + " is too small: the bytes and special tokens alone are " + smallest);
        }
        this.vocabSize = vocabSize;
    }

    /** Counts the words of one document. */
    public void add(String text) {
        Matcher words = WORD.matcher(text);
        while (words.find()) {
            numOfWord.merge(words.group(), 1L, Long::sum);
        }
    }

    /** The vocabulary; smaller than asked for where the texts have no more pairs. */
    public BpeVocabulary train() {
        Map<String, Integer> idOfToken = new LinkedHashMap<>();
        BpeVocabulary.SPECIAL_TOKENS.forEach(token -> idOfToken.put(token, idOfToken.size()));
        BpeVocabulary.byteTokens().stream().sorted().forEach(token -> idOfToken.put(token, idOfToken.size()));
        List<String> tokens = new ArrayList<>(idOfToken.keySet());
        List<Word> words = words(idOfToken);
        List<BpeVocabulary.Merge> merges = new ArrayList<>();
        while (tokens.size() < vocabSize) {
            Pair best = mostFrequentPair(words);
            if (best == null) {
                break;
            }
            String merged = tokens.get(best.left()) + tokens.get(best.right());
            merges.add(new BpeVocabulary.Merge(tokens.get(best.left()), tokens.get(best.right())));
            Integer known = idOfToken.putIfAbsent(merged, tokens.size());
            if (known == null) {
                tokens.add(merged);
            }
            int id = idOfToken.get(merged);
            words.forEach(word -> word.merge(best, id));
        }
        return new BpeVocabulary(tokens, merges);
    }

    private List<Word> words(Map<String, Integer> idOfToken) {
        List<String> byteTokens = BpeVocabulary.byteTokens();
        List<Word> words = new ArrayList<>();
        numOfWord.forEach((text, count) -> {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int[] ids = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                ids[i] = idOfToken.get(byteTokens.get(bytes[i] & 0xff));
            }
            words.add(new Word(ids, count));
        });
        return words;
    }

    private static Pair mostFrequentPair(List<Word> words) {
        Map<Pair, Long> numOfPair = new HashMap<>();
        for (Word word : words) {
            for (int i = 0; i + 1 < word.ids.length; i++) {
                numOfPair.merge(new Pair(word.ids[i], word.ids[i + 1]), word.count, Long::sum);
            }
        }
        Comparator<Map.Entry<Pair, Long>> byCount = Map.Entry.comparingByValue();
        return numOfPair.entrySet().stream()
                .max(byCount.thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    private record Pair(int left, int right) implements Comparable<Pair> {
        @Override
        public int compareTo(Pair other) {
            return left != other.left ? Integer.compare(left, other.left) : Integer.compare(right, other.right);
        }
    }

    /** A distinct word: its tokens so far and how often it occurs. */
    private static final class Word {
        private final long count;
        private int[] ids;

        Word(int[] ids, long count) {
            this.ids = ids;
            this.count = count;
        }

        void merge(Pair pair, int id) {
            int length = 0;
            for (int i = 0; i < ids.length; i++) {
                boolean here = i + 1 < ids.length && ids[i] == pair.left() && ids[i + 1] == pair.right();
                ids[length++] = here ? id : ids[i];
                i += here ? 1 : 0;
            }
            ids = length == ids.length ? ids : Arrays.copyOf(ids, length);
        }
    }
}
