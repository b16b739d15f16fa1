package org.xecomla.cli;

import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;

/** Runs one stage. */
@Command(
        name = "dpo",
        mixinStandardHelpOptions = true,
        description =
                "Trains the distilled student on preferences: tokenises the pairs, has the student as it is answer them"
                        + " for reference, and trains by replicas that average.")
final class DpoCommand extends ClusterCommand {
    DpoCommand() {
        super(Stages.named("dpo"));
    }
}
