package org.xecomla.cli;

import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.WindowPacker;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;

/** Text as the commands of one process read it. */
final class Texts {
    private Texts() {}

    /**
     * The tokenizer at {@code path}, beginning documents as {@code model} says; refused where the model is too small
     * for it.
     */
    static Tokenizer tokenizer(String path, ModelConfig model) {
        Tokenizer tokenizer = Tokenizer.openFor(model, DataFiles.path(path));
        tokenizer.requireFits(model.vocabSize(), "the model");
        return tokenizer;
    }

    /** How documents become windows for {@code model}. */
    static Packing packing(RunConfig config, Tokenizer tokenizer, ModelConfig model) {
        return Packing.of(tokenizer, model.vocabSize(), config.sequence().attentionAcrossDocuments());
    }

    /**
     * The first windows of JSON-lines files, packed for {@code model}.
     *
     * @param tokenizerPath where none is configured
     * @param length tokens of a window
     */
    static List<TokenSequence> windows(
            RunConfig config, List<String> files, String tokenizerPath, ModelConfig model, int length, int maxWindows) {
        TextDocuments documents = TextDocuments.of(
                files.stream().map(DataFiles::path).toList(), config.corpus().textKey());
        try (Tokenizer tokenizer = tokenizer(config.models().tokenizer().orElse(tokenizerPath), model)) {
            Packing packing = packing(config, tokenizer, model);
            return WindowPacker.windows(documents, tokenizer, packing, length, maxWindows);
        }
    }
}
