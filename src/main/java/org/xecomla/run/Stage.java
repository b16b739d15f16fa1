package org.xecomla.run;

import java.util.List;
import java.util.Locale;

/** The stages of a run that work on the cluster, in their order. Each reads what those before it have written. */
public enum Stage {
    /** Tokenises the corpus and packs it into sequences. */
    SHARD,
    /** Writes down what the teacher says at every position. */
    TEACHER,
    /** Makes the student from the base's own weights. */
    INIT,
    /** Trains the student on what the teacher said. */
    DISTILL,
    /** Trains the student on preferences. */
    DPO,
    /** Measures base and student on held-out text. */
    EVAL,
    /** Writes the student as a Hugging Face directory. */
    EXPORT,
    /** Initialises, trains and measures many students, as the tasks of one job. No stage of an ordinary run. */
    SWEEP,
    /** Draws what there is of the run as one page. */
    REPORT;

    /** The stages of an ordinary run, in their order. */
    public static List<Stage> ofRun() {
        return List.of(SHARD, TEACHER, INIT, DISTILL, DPO, EVAL, EXPORT, REPORT);
    }

    /** The name of its command. */
    public String command() {
        return name().toLowerCase(Locale.ROOT);
    }
}
