package org.xecomla.cli;

import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;

/** Runs all stages, one after the other. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description =
                "The whole pipeline: shard, teacher, init, distill, dpo where preferences are given, eval, export, "
                        + "report."
                        + " Goes on where it stopped.")
final class RunCommand extends ClusterCommand {
    RunCommand() {
        super(Stages.ofRun());
    }
}
