package org.xecomla.estimate;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.CorpusConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.text.CorpusFiles;
import org.xecomla.corpus.text.Document;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.run.RunModels;
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
    private static final int MAX_CHARS = 1 << 19; // of a plain text that are tokenised: a book may be one document
    private static final double BYTES_PER_TOKEN = 4;
    private static final long ASSUMED_VALID_TOKENS = 1_000_000;

    /**
     * From the length of the files and the tokens of a sample of each entry, counted as the shard stage counts them:
     * conversations rendered, entries by their weights. Duplicates and texts of benchmarks are counted too.
     */
    public static CorpusSize measure(RunConfig config, ModelConfig base) {
        CorpusConfig corpus = config.corpus();
        TextDocuments train = TextDocuments.of(corpus.train(), corpus, corpus.weights());
        try (RunTokenizer tokenizer = RunTokenizer.open(config, base)) {
            TokenCounter counter = new TokenCounter(tokenizer, RunModels.chat(config));
            long tokens = Math.round(train.sampledSum(counter::tokens));
            long validTokens = corpus.valid().isEmpty()
                    ? 0
                    : Math.round(TextDocuments.of(corpus.valid(), corpus).sampledSum(counter::tokens));
            return new CorpusSize(
                    train.bytes(), tokens, validTokens, counter.perSecond(), "about, from a sample of each entry");
        }
    }

    /** Counts tokens of documents as the shard stage does, and how long that takes. */
    private static final class TokenCounter {
        private final RunTokenizer tokenizer;
        private final ChatRules chat;
        private long numTokens;
        private long nanoseconds;

        TokenCounter(RunTokenizer tokenizer, ChatRules chat) {
            this.tokenizer = tokenizer;
            this.chat = chat;
        }

        /** Of a longer text about as many as its beginning says. */
        long tokens(Document document) {
            String text = document.text();
            boolean isCut = !document.isConversation() && text.length() > MAX_CHARS;
            int end = isCut ? text.offsetByCodePoints(0, text.codePointCount(0, MAX_CHARS) - 1) : text.length();
            Document looked = isCut ? new Document(text.substring(0, end), document.location()) : document;
            long start = System.nanoTime();
            long tokens = tokenizer
                    .packing()
                    .tokens(looked, tokenizer.tokenizer(), chat)
                    .ids()
                    .length;
            nanoseconds += System.nanoTime() - start;
            numTokens += tokens;
            return isCut ? Math.round((double) tokens * text.length() / end) : tokens;
        }

        OptionalDouble perSecond() {
            return OptionalDouble.of(1e9 * numTokens / Math.max(1, nanoseconds));
        }
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

    String describe() {
        return String.format(Locale.ROOT, "%,d tokens to train on (%s)", tokens, origin);
    }
}
