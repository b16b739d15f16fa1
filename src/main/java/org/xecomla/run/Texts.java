package org.xecomla.run;

import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.CorpusWindows;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;

/** Text as the commands of one process read it, for one checkpoint. */
public final class Texts {
    private Texts() {}

    /**
     * The configured tokenizer, or else that of the checkpoint, whose documents it begins; refused where it has more
     * ids.
     */
    public static Tokenizer tokenizer(RunConfig config, ModelDirectory checkpoint) {
        String configured = config.models().tokenizer().orElse(null);
        Tokenizer tokenizer = Tokenizer.openFor(
                checkpoint.config(), configured == null ? checkpoint.path() : DataFiles.path(configured));
        tokenizer.requireFits(checkpoint.config().vocabSize(), "the model");
        return tokenizer;
    }

    /**
     * The first windows of files of text, packed for {@code checkpoint}.
     *
     * @param length tokens of a window
     */
    public static List<TokenSequence> windows(
            RunConfig config, List<String> files, ModelDirectory checkpoint, int length, int maxWindows) {
        try (Tokenizer tokenizer = tokenizer(config, checkpoint)) {
            return CorpusWindows.of(config, files, tokenizer, checkpoint.config(), length, maxWindows);
        }
    }
}
