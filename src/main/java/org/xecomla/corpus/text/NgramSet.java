package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;

/**
 * The runs of n words that occur in task files, to find documents that hold a piece of a task. Words are runs of
 * letters and digits in lower case, so that punctuation and spacing do not matter. A run is known by a hash of 64 bits.
 */
public final class NgramSet implements Serializable {
    /** Overlaps nothing. */
    public static final NgramSet NONE = new NgramSet(1, new long[0]);

    private static final long serialVersionUID = 1;
    private static final long BASE = 0x9E3779B97F4A7C15L; // odd

    private final int n;
    private final long[] hashes; // sorted

    private NgramSet(int n, long[] hashes) {
        this.n = n;
        this.hashes = hashes;
    }

    /**
     * The n-grams of every string in {@code files} of rows. Strings of fewer than n words have none.
     *
     * @throws org.xecomla.errors.UserException where a row cannot be read
     */
    public static NgramSet ofTasks(List<Path> files, int n) {
        LongStream.Builder hashes = LongStream.builder();
        for (Path file : files) {
            RecordReader.read(file, (record, location) -> {
                addStrings(record.get(), n, hashes);
                return true;
            });
        }
        return new NgramSet(n, hashes.build().sorted().distinct().toArray());
    }

    private static void addStrings(JsonNode node, int n, LongStream.Builder hashes) {
        if (node.isTextual()) {
            anyNgram(node.textValue(), n, hash -> {
                hashes.add(hash);
                return false;
            });
        }
        node.forEach(child -> addStrings(child, n, hashes));
    }

    /** How many there are. */
    public int size() {
        return hashes.length;
    }

    /** Whether one of them occurs in {@code text}. */
    public boolean overlaps(String text) {
        return hashes.length > 0 && anyNgram(text, n, hash -> Arrays.binarySearch(hashes, hash) >= 0);
    }

    /**
     * Shows the hashes of all n-grams of {@code text} to {@code visitor} until it answers true, and says whether it
     * did.
     */
    private static boolean anyNgram(String text, int n, LongPredicate visitor) {
        long highest = 1; // BASE^(n-1)
        for (int i = 1; i < n; i++) {
            highest *= BASE;
        }
        long[] words = new long[n]; // the last n, in a ring
        long numWords = 0;
        long hash = 0;
        long word = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : ' ';
            if (Character.isLetterOrDigit(c) || Character.isSurrogate(c)) {
                word = (word ^ Character.toLowerCase(c)) * 0x100000001B3L + 1;
            } else if (word != 0) {
                int slot = (int) (numWords % n);
                hash = (hash - words[slot] * highest) * BASE + word;
                words[slot] = word;
                word = 0;
                numWords++;
                if (numWords >= n && visitor.test(hash)) {
                    return true;
                }
            }
        }
        return false;
    }
}
