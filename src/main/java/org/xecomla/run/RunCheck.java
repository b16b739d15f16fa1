package org.xecomla.run;

import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.text.CorpusFiles;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.targets.TargetCodec;
import org.xecomla.upcycle.UpcyclePlan;

/** What stages ask of a run before it starts. Reads headers and configurations, no weights. */
public final class RunCheck {
    private final RunConfig config;
    private final ModelDirectory base;
    private final int sequenceLength;
    private ModelConfig teacher; // null: nobody has asked yet

    /** @throws UserException where the base is missing or broken, or a sequence is longer than it takes */
    public RunCheck(RunConfig config) {
        this.config = config;
        this.base = RunModels.base(config);
        this.sequenceLength = config.sequence().lengthFor(base.config());
    }

    public RunConfig config() {
        return config;
    }

    public ModelConfig base() {
        return base.config();
    }

    public int sequenceLength() {
        return sequenceLength;
    }

    /** Requires that the base can be upcycled as {@code variant} of the run says. */
    public void requireUpcycling(RunConfig variant) {
        UpcyclePlan.of(variant.upcycle(), base());
    }

    /** Requires that targets can be written as {@code variant} of the run says. */
    public void requireTargets(RunConfig variant) {
        TargetCodec.of(variant).encoder(sequenceLength, base().vocabSize(), 0);
    }

    /** Requires a teacher that takes the run's sequences and means the same by every id. */
    public void requireTeacher() {
        if (teacher != null) {
            return;
        }
        teacher = RunModels.teacherPath(config).equals(base.path())
                ? base()
                : RunModels.teacher(config).config();
        config.sequence().lengthFor(teacher);
        CommonIds.of(teacher, RunModels.teacherPath(config), base(), RunModels.tokenizerPath(config));
    }

    /**
     * Requires that {@code key} names files, directories or patterns, and that files of a form that is read are there.
     */
    public static void requireFiles(String key, List<String> files, String kinds) {
        if (files.isEmpty()) {
            throw new ConfigException(key + " names no file: give it at least one file of " + kinds);
        }
        for (String file : files) {
            try {
                CorpusFiles.of(DataFiles.path(file)).requireReadable();
            } catch (UserException e) {
                throw new UserException(e.getMessage() + " (" + key + ")", e);
            }
        }
    }

    public static void requireFile(String key, String file) {
        if (!DataFiles.exists(DataFiles.path(file))) {
            throw new UserException("no such file: " + file + " (" + key + ")");
        }
    }
}
