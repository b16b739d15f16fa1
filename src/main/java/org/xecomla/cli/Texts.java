package org.xecomla.cli;

import org.xecomla.config.ModelConfig;
import org.xecomla.corpus.Tokenizer;
import org.xecomla.files.DataFiles;

/** Tokenizers as commands use them. */
final class Texts {
    private Texts() {}

    /** The tokenizer at {@code path}, beginning documents as {@code model} says; refused where the model is too small for it. */
    static Tokenizer tokenizer(String path, ModelConfig model) {
        Tokenizer tokenizer = Tokenizer.open(DataFiles.path(path));
        tokenizer.requireFits(model.vocabSize(), "the model");
        return model.bosTokenId() < 0 ? tokenizer : tokenizer.withBosTokenId(model.bosTokenId());
    }
}
