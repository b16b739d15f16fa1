package org.xecomla.run;

import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.files.StageDirectory;

/**
 * What a stage of a run is called, reads and makes: enough to order, offer and report it. What it does on the cluster
 * is its class in the {@code spark.stage} package, where all of them stand in one list.
 */
public interface Stage {
    /** Of its command, its lines and the run's status; that of its section of the configuration, where it has one. */
    String name();

    /** What the manifest of its output calls it. */
    String kind();

    /** Names of the stages whose output it reads, all of them earlier in a run. */
    List<String> inputs();

    /** Directories that are complete once it has ended. */
    List<StageDirectory> outputs(RunLayout layout);

    /** Whether the command that runs everything has it do its part. */
    default boolean isOfRun() {
        return true;
    }

    /** Whether {@code config} asks for it, among others. */
    default boolean isEnabled(RunConfig config) {
        return true;
    }
}
