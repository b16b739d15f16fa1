package org.xecomla.corpus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

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
     * The n-grams of every string in {@code files}, JSON lines of any shape. Strings of fewer than n words have none.
     *
     * @throws UserException where a line is not JSON
     */
    public static NgramSet ofTasks(List<Path> files, int n) {
        LongStream.Builder hashes = LongStream.builder();
        for (Path file : files) {
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(DataFiles.openStream(file), StandardCharsets.UTF_8))) {
                int number = 0;
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    number++;
                    if (!line.isBlank()) {
                        addStrings(json(line, file, number), n, hashes);
                    }
                }
            } catch (IOException e) {
                throw new UserException("cannot read " + DataFiles.display(file) + ": " + e.getMessage(), e);
            }
        }
        return new NgramSet(n, hashes.build().sorted().distinct().toArray());
    }

    private static JsonNode json(String line, Path file, int number) {
        try {
            return new ObjectMapper().readTree(line);
        } catch (IOException e) {
            throw new UserException(
                    DataFiles.display(file) + " line " + number + " is broken JSON: task files are JSON lines", e);
        }
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
