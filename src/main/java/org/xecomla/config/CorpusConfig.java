package org.xecomla.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Section {@code corpus}.
 *
 * @param train files and directories, in order
 * @param weights how often the documents of each entry of train are taken; empty: each once
 * @param valid files and directories, in order
 * @param textKey key of plain text in JSON and Parquet
 * @param textKeys of entries of train and valid whose plain text is under another key: that key
 * @param learn which tokens of a conversation are learned
 * @param chatTemplate file or directory; empty: beside the tokenizer
 * @param maxRowSize bytes of a row
 * @param skipBadRows rows that are passed over where they cannot be read
 * @param dropDuplicates whether of equal documents only the first is kept
 * @param sequencesPerShard token sequences of one shard
 */
public record CorpusConfig(
        List<String> train,
        List<Double> weights,
        List<String> valid,
        String textKey,
        Map<String, String> textKeys,
        Learn learn,
        Optional<String> chatTemplate,
        long maxRowSize,
        long skipBadRows,
        boolean dropDuplicates,
        Decontaminate decontaminate,
        int sequencesPerShard) {
    /** Tokens of a conversation that count in the loss. */
    public enum Learn {
        ASSISTANT,
        ALL
    }

    /**
     * Section {@code corpus.decontaminate}.
     *
     * @param tasks JSON-lines files of benchmarks
     * @param ngram words in a row that a document may not share with them
     */
    public record Decontaminate(List<String> tasks, int ngram) {
        public Decontaminate {
            tasks = List.copyOf(tasks);
        }
    }

    public CorpusConfig {
        train = List.copyOf(train);
        weights = List.copyOf(weights);
        valid = List.copyOf(valid);
        textKeys = Map.copyOf(textKeys);
    }

    static CorpusConfig of(StrictConfig config) {
        CorpusConfig corpus = new CorpusConfig(
                config.texts("corpus.train"),
                config.numbers("corpus.weights", Range.above(0).atMost(1000)),
                config.texts("corpus.valid"),
                config.text("corpus.text-key"),
                config.section("corpus.text-keys"),
                config.choice("corpus.learn", Learn.class),
                config.optionalText("corpus.chat-template"),
                maxRowSize(config),
                config.integer("corpus.skip-bad-rows", Range.atLeast(0)),
                config.flag("corpus.drop-duplicates"),
                new Decontaminate(
                        config.texts("corpus.decontaminate.tasks"),
                        config.integer("corpus.decontaminate.ngram", Range.atLeast(1))),
                config.integer("corpus.sequences-per-shard", Range.atLeast(1)));
        if (!corpus.weights.isEmpty() && corpus.weights.size() != corpus.train.size()) {
            throw config.error(
                    "corpus.weights",
                    "does not have a number for each of the " + corpus.train.size() + " entries of corpus.train");
        }
        corpus.textKeys.keySet().stream()
                .filter(entry -> !corpus.train.contains(entry) && !corpus.valid.contains(entry))
                .findFirst()
                .ifPresent(entry -> {
                    throw config.error(
                            "corpus.text-keys",
                            "names " + entry + ", which is no entry of" + " corpus.train or corpus.valid");
                });
        return corpus;
    }

    private static long maxRowSize(StrictConfig config) {
        String key = "corpus.max-row-size";
        try {
            long size = ByteSize.parse(config.text(key));
            if (size <= 1 << 30) {
                return size;
            }
        } catch (NumberFormatException e) {
            // falls through to the message
        }
        throw config.error(key, "is not a size from 1 to 1GiB, such as 64MiB");
    }

    /** The key of plain text in what {@code entry}, of train or valid, means. */
    public String textKeyOf(String entry) {
        return textKeys.getOrDefault(entry, textKey);
    }
}
