package org.xecomla.run;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;

/**
 * Where the stages of a run put their output: one directory each.
 *
 * @param dir {@code run.dir}
 * @param data directory of the token shards: {@code run.dir}, or for one run of a sweep, that of the whole sweep
 * @param targetsName name of the teacher's targets there
 */
public record RunLayout(Path dir, Path data, String targetsName) implements Serializable {
    private static final String TARGETS = "targets";

    public RunLayout(Path dir) {
        this(dir, dir, TARGETS);
    }

    public static RunLayout of(RunConfig config) {
        return new RunLayout(DataFiles.path(config.run().dir()));
    }

    /** The layout of one run of a sweep, which shares shards and targets with the others. */
    public RunLayout ofSweep(String name) {
        return new RunLayout(new Path(new Path(dir, "sweep"), name), data, targetsName);
    }

    /** The same with targets of their own. */
    public RunLayout withTargets(String codec) {
        return new RunLayout(dir, data, TARGETS + "-" + codec);
    }

    /** The whole run as one directory, where it is one of a sweep. */
    public StageDirectory whole() {
        return new StageDirectory(dir);
    }

    /** Token sequences to train on. */
    public StageDirectory trainShards() {
        return new StageDirectory(new Path(data, "shards/train"));
    }

    /** Token sequences to evaluate on. */
    public StageDirectory validShards() {
        return new StageDirectory(new Path(data, "shards/valid"));
    }

    /** What the teacher said of {@link #trainShards}. */
    public StageDirectory targets() {
        return new StageDirectory(new Path(data, targetsName));
    }

    /** The student before training. */
    public StageDirectory studentInit() {
        return stage("student-init");
    }

    /** Checkpoints of the distillation, and at its end the student. */
    public StageDirectory distill() {
        return stage("distill");
    }

    /** Preferences to train on. */
    public StageDirectory trainPairs() {
        return stage("pairs/train");
    }

    /** Preferences to measure on. */
    public StageDirectory validPairs() {
        return stage("pairs/valid");
    }

    /** What the distilled student says of {@link #trainPairs}. */
    public StageDirectory trainReference() {
        return stage("reference/train");
    }

    /** What the distilled student says of {@link #validPairs}. */
    public StageDirectory validReference() {
        return stage("reference/valid");
    }

    /** Checkpoints of the preference stage, and at its end the student. */
    public StageDirectory dpo() {
        return stage("dpo");
    }

    /** Measurements. */
    public StageDirectory eval() {
        return stage("eval");
    }

    /** What a sweep has found. */
    public StageDirectory frontier() {
        return stage("frontier");
    }

    /** Measurements on preferences. */
    public StageDirectory preferenceEval() {
        return stage("eval-preferences");
    }

    /** The student for others. */
    public StageDirectory export() {
        return stage("export");
    }

    private StageDirectory stage(String name) {
        return new StageDirectory(new Path(dir, name));
    }
}
