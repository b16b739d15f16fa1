package org.xecomla.run;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.CorpusConfig;
import org.xecomla.config.DpoConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.PairTokeniser;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;

/** The models that a run starts from, as its configuration names them. Opening reads no weights. */
public final class RunModels {
    private RunModels() {}

    public static ModelDirectory base(RunConfig config) {
        return ModelDirectory.open(DataFiles.path(config.models().requireBase()));
    }

    public static ModelDirectory teacher(RunConfig config) {
        return ModelDirectory.open(DataFiles.path(config.models().requireTeacher()));
    }

    /** The run's tokenizer; documents begin as {@code model} says. */
    public static Tokenizer tokenizer(RunConfig config, ModelConfig model) {
        return Tokenizer.openFor(model, DataFiles.path(config.models().requireTokenizer()));
    }

    /**
     * How the run's conversations, those of preferences too, become tokens.
     *
     * @throws org.xecomla.errors.UserException where the configuration names a chat template that is not there
     */
    public static ChatRules chat(RunConfig config) {
        Path tokenizer = DataFiles.path(config.models().requireTokenizer());
        Optional<ChatTemplate> template = config.corpus()
                .chatTemplate()
                .map(place -> ChatTemplate.open(DataFiles.path(place), tokenizer))
                .or(() -> ChatTemplate.find(tokenizer));
        return new ChatRules(template, config.corpus().learn() == CorpusConfig.Learn.ASSISTANT);
    }

    /** How the run's documents become sequences for {@code model}. */
    public static Packing packing(RunConfig config, Tokenizer tokenizer, ModelConfig model) {
        return Packing.of(tokenizer, model.vocabSize(), config.sequence().attentionAcrossDocuments());
    }

    /** Makes the token pairs of the run's preferences. */
    public static PairTokeniser pairTokeniser(RunConfig config, ModelConfig base, Tokenizer tokenizer) {
        DpoConfig dpo = config.dpo();
        return new PairTokeniser(
                tokenizer,
                chat(config).template(),
                base.vocabSize(),
                dpo.maxLengthFor(base),
                dpo.maxPromptLengthFor(base));
    }
}
