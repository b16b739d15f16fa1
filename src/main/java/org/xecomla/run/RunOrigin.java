package org.xecomla.run;

import java.io.Serializable;
import java.util.TreeMap;
import org.xecomla.files.Manifest;
import org.xecomla.train.TrainerCheckpoint;

/** What the checkpoints of a run say of it, in a form that travels. */
public record RunOrigin(TreeMap<String, String> settings, long seed, String revision, TreeMap<String, String> inputs)
        implements Serializable {
    /** The origin that goes with the run's own manifest. */
    public static RunOrigin of(Manifest asked) {
        return new RunOrigin(
                new TreeMap<>(asked.settings()), asked.seed(), asked.revision(), new TreeMap<>(asked.inputs()));
    }

    public TrainerCheckpoint.Origin origin() {
        return new TrainerCheckpoint.Origin(settings, seed, revision, inputs);
    }
}
