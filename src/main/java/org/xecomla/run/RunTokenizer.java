package org.xecomla.run;

import org.xecomla.config.DpoConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.PairTokeniser;
import org.xecomla.corpus.tokenizer.Tokenizer;

/**
 * The run's tokenizer, opened for the model that will read its tokens, and the rules by which documents become
 * sequences.
 *
 * @param tokenizer documents begin as the model says
 */
public record RunTokenizer(RunConfig config, ModelConfig model, Tokenizer tokenizer, Packing packing)
        implements AutoCloseable {
    /**
     * @throws org.xecomla.errors.UserException where it is missing or broken, or {@code model} has too few ids for it
     */
    public static RunTokenizer open(RunConfig config, ModelConfig model) {
        Tokenizer tokenizer = Tokenizer.openFor(model, RunModels.tokenizerPath(config));
        try {
            boolean across = config.sequence().attentionAcrossDocuments();
            return new RunTokenizer(config, model, tokenizer, Packing.of(tokenizer, model.vocabSize(), across));
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /** Makes the token pairs of the run's preferences. */
    public PairTokeniser pairTokeniser() {
        DpoConfig dpo = config.dpo();
        return new PairTokeniser(
                tokenizer,
                RunModels.chat(config).template(),
                model.vocabSize(),
                dpo.maxLengthFor(model),
                dpo.maxPromptLengthFor(model));
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
