package org.xecomla.estimate;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.files.DataFiles;
import org.xecomla.run.RunTokenizer;

/**
 * About how many preferences a run has.
 *
 * @param pairs to train on; 0: the run has no such stage, or nobody knows
 * @param validPairs to measure on
 * @param tokensPerPair of both of its sequences
 * @param origin where the numbers are from, for a person
 */
public record PreferenceSize(long pairs, long validPairs, double tokensPerPair, String origin) {
    static final PreferenceSize NONE = new PreferenceSize(0, 0, 0, "none");

    private static final long SAMPLED_BYTES = 1 << 18;
    private static final int SAMPLED_PAIRS = 100;

    /**
     * From the length of the files and what their beginning holds; where they cannot be read here, as many as are
     * given, each of the greatest length.
     *
     * @param given pairs to train on; empty: to be counted
     */
    public static PreferenceSize of(RunConfig config, ModelConfig base, OptionalLong given) {
        if (!config.dpo().isEnabled()) {
            return NONE;
        }
        List<Path> train = paths(config.dpo().train());
        List<Path> valid = paths(config.dpo().valid());
        if (CorpusSize.areReadable(train) && CorpusSize.areReadable(valid)) {
            Sample sample = Sample.of(config, base, train);
            long pairs = given.orElse(sample.numOf(train));
            String origin = given.isPresent() ? "given" : "about, from their beginning";
            return new PreferenceSize(pairs, sample.numOf(valid), sample.tokensPerPair, origin);
        }
        int longest = 2 * config.dpo().maxLengthFor(base);
        return given.isPresent()
                ? new PreferenceSize(given.getAsLong(), 0, longest, "given, each of the greatest length")
                : NONE;
    }

    private record Sample(double bytesPerPair, double tokensPerPair) {
        static Sample of(RunConfig config, ModelConfig base, List<Path> files) {
            DocumentSplit first = PreferenceFiles.splits(files, SAMPLED_BYTES).get(0);
            long count = Math.max(1, PreferenceFiles.count(first));
            List<TokenPair> pairs;
            try (RunTokenizer tokenizer = RunTokenizer.open(config, base)) {
                pairs = tokenizer.pairTokeniser().tokens(first, 0, Math.min(count, SAMPLED_PAIRS));
            }
            double tokens =
                    pairs.stream().mapToLong(TokenPair::numTokens).average().orElse(0);
            return new Sample((double) (first.end() - first.start()) / count, tokens);
        }

        long numOf(List<Path> files) {
            return Math.round(files.stream().mapToLong(DataFiles::length).sum() / bytesPerPair);
        }
    }

    private static List<Path> paths(List<String> files) {
        return files.stream().map(DataFiles::path).toList();
    }

    String describe() {
        return String.format(Locale.ROOT, "%,d to train on, of %,.0f tokens each (%s)", pairs, tokensPerPair, origin);
    }
}
