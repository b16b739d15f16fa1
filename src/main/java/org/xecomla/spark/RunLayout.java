package org.xecomla.spark;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.StageDirectory;

/** Where the stages of a run put their output: one directory each, below {@code run.dir}. */
record RunLayout(Path dir) implements Serializable {
    /** Token sequences to train on. */
    StageDirectory trainShards() {
        return stage("shards/train");
    }

    /** Token sequences to evaluate on. */
    StageDirectory validShards() {
        return stage("shards/valid");
    }

    /** What the teacher said of {@link #trainShards}. */
    StageDirectory targets() {
        return stage("targets");
    }

    /** The student before training. */
    StageDirectory studentInit() {
        return stage("student-init");
    }

    /** Checkpoints of the distillation, and at its end the student. */
    StageDirectory distill() {
        return stage("distill");
    }

    /** Measurements. */
    StageDirectory eval() {
        return stage("eval");
    }

    /** The student for others. */
    StageDirectory export() {
        return stage("export");
    }

    private StageDirectory stage(String name) {
        return new StageDirectory(new Path(dir, name));
    }
}
