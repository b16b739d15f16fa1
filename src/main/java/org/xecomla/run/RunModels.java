package org.xecomla.run;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.CorpusConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.chat.ChatTemplate;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.formats.ModelDirectory;

/** The models that a run starts from, as its configuration names them. Opening reads no weights. */
public final class RunModels {
    private RunModels() {}

    public static ModelDirectory base(RunConfig config) {
        return open(config, basePath(config));
    }

    public static Path basePath(RunConfig config) {
        return DataFiles.path(config.models().requireBase());
    }

    public static ModelDirectory teacher(RunConfig config) {
        return open(config, teacherPath(config));
    }

    /** A model that is compared, while it is read as a whole, with its manifest or with what the run found before. */
    public static ModelDirectory open(RunConfig config, Path model) {
        return ModelDirectory.open(
                model, Fingerprints.sealed(RunLayout.of(config).data(), model));
    }

    /** Where the teacher is, or would be: it may be on another cluster. */
    public static Path teacherPath(RunConfig config) {
        return DataFiles.path(config.models().requireTeacher());
    }

    /** {@code tokenizer.json} or its directory. */
    public static Path tokenizerPath(RunConfig config) {
        return DataFiles.path(config.models().requireTokenizer());
    }

    /**
     * How the run's conversations, those of preferences too, become tokens.
     *
     * @throws org.xecomla.errors.UserException where the configuration names a chat template that is not there
     */
    public static ChatRules chat(RunConfig config) {
        Path tokenizer = tokenizerPath(config);
        Optional<ChatTemplate> template = config.corpus()
                .chatTemplate()
                .map(place -> ChatTemplate.open(DataFiles.path(place), tokenizer))
                .or(() -> ChatTemplate.find(tokenizer));
        return new ChatRules(template, config.corpus().learn() == CorpusConfig.Learn.ASSISTANT);
    }
}
