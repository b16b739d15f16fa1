package org.xecomla.config;

import java.util.List;

/**
 * Section {@code corpus}.
 *
 * @param train JSON-lines files, in order
 * @param valid JSON-lines files, in order
 * @param textKey key of each line's document
 * @param sequencesPerShard token sequences of one shard
 */
public record CorpusConfig(List<String> train, List<String> valid, String textKey, int sequencesPerShard) {
    public CorpusConfig {
        train = List.copyOf(train);
        valid = List.copyOf(valid);
    }

    static CorpusConfig of(StrictConfig config) {
        return new CorpusConfig(
                config.texts("corpus.train"),
                config.texts("corpus.valid"),
                config.text("corpus.text-key"),
                config.integer("corpus.sequences-per-shard", Range.atLeast(1)));
    }
}
