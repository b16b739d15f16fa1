package org.xecomla.cli;

import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;

/**
 * Runs the training, and the making of what it starts from where that is not there: {@code init} alone takes no run.
 */
@Command(
        name = "distill",
        mixinStandardHelpOptions = true,
        description = "Makes the student where it is missing, and trains it on the teacher's targets by replicas that "
                + "average.")
final class DistillCommand extends ClusterCommand {
    DistillCommand() {
        super(Stages.named("init", "distill"));
    }
}
