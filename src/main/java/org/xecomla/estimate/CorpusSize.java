package org.xecomla.estimate;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.text.CorpusFiles;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.run.RunTokenizer;

/**
 * About how many tokens a run's corpus has.
 *
 * @param bytes of text to train on
 * @param tokens to train on
 * @param validTokens to evaluate on
 * @param tokensPerSecond that this machine's tokeniser makes on one core; empty: not tried
 * @param origin where the numbers are from, for a person
 */
public record CorpusSize(long bytes, long tokens, long validTokens, OptionalDouble tokensPerSecond, String origin) {
    private static final long SAMPLED_CHARS = 200_000;
    private static final double BYTES_PER_TOKEN = 4;
    private static final long ASSUMED_VALID_TOKENS = 1_000_000;

    /** From the length of the files and the tokens per byte of their beginning. */
    public static CorpusSize measure(RunConfig config, ModelConfig base) {
        long[] seen = new long[3]; // characters, tokens, nanoseconds
        try (RunTokenizer tokenizer = RunTokenizer.open(config, base)) {
            TextDocuments.of(config.corpus().train(), config.corpus()).read(document -> {
                long start = System.nanoTime();
                seen[0] += document.text().length();
                seen[1] += tokenizer.packing().tokens(document, tokenizer.tokenizer()).length;
                seen[2] += System.nanoTime() - start;
                return seen[0] < SAMPLED_CHARS;
            });
        }
        double perByte = (double) seen[1] / Math.max(1, seen[0]);
        long bytes = bytes(config.corpus().train());
        return new CorpusSize(
                bytes,
                Math.round(bytes * perByte),
                Math.round(bytes(config.corpus().valid()) * perByte),
                OptionalDouble.of(1e9 * seen[1] / Math.max(1, seen[2])),
                "about, from the beginning of the text");
    }

    /** A corpus that cannot be read here, of so many tokens. */
    static CorpusSize assume(long tokens, String origin) {
        long bytes = Math.round(BYTES_PER_TOKEN * tokens);
        return new CorpusSize(bytes, tokens, ASSUMED_VALID_TOKENS, OptionalDouble.empty(), origin);
    }

    /**
     * {@link #measure} where the text is here, else what the configuration trains on.
     *
     * @throws UserException where neither says how many tokens there are
     */
    static CorpusSize of(RunConfig config, ModelConfig base) {
        if (isReadable(config)) {
            return measure(config, base);
        }
        long tokens = config.distill()
                .tokens()
                .orElseThrow(
                        () -> new UserException("the text of corpus.train cannot be read here and distill.tokens is"
                                + " auto: give --corpus-tokens N"));
        return assume(tokens, "distill.tokens, since corpus.train cannot be read here");
    }

    private static boolean isReadable(RunConfig config) {
        return !config.corpus().train().isEmpty()
                && areReadable(paths(config.corpus().train()))
                && areReadable(paths(config.corpus().valid()));
    }

    /** Whether all of them are here. */
    static boolean areReadable(List<Path> files) {
        try {
            files.forEach(CorpusFiles::of);
            return true;
        } catch (RuntimeException notHere) {
            return false;
        }
    }

    private static List<Path> paths(List<String> files) {
        return files.stream().map(DataFiles::path).toList();
    }

    private static long bytes(List<String> files) {
        return paths(files).stream()
                .flatMap(entry -> CorpusFiles.of(entry).files().stream())
                .mapToLong(DataFiles::length)
                .sum();
    }

    String describe() {
        return String.format(Locale.ROOT, "%,d tokens to train on (%s)", tokens, origin);
    }
}
