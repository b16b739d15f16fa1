package org.xecomla.corpus.shards;

import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.ConfigException;

/** The beginning of a text as sequences in memory, for what needs no shards. */
public final class CorpusWindows {
    private CorpusWindows() {}

    /**
     * @param files as of {@code corpus.train}
     * @param length tokens of a sequence
     * @throws ConfigException where no file is given
     */
    public static List<TokenSequence> of(
            RunConfig config, List<String> files, Tokenizer tokenizer, ModelConfig model, int length, int maxWindows) {
        if (files.isEmpty()) {
            throw new ConfigException("corpus.train is empty: name the files of text to train on");
        }
        TextDocuments documents = TextDocuments.of(files, config.corpus());
        Packing packing = packing(config, tokenizer, model);
        return WindowPacker.windows(documents, tokenizer, packing, length, maxWindows);
    }

    /** How documents become sequences for {@code model}. */
    public static Packing packing(RunConfig config, Tokenizer tokenizer, ModelConfig model) {
        return Packing.of(tokenizer, model.vocabSize(), config.sequence().attentionAcrossDocuments());
    }
}
