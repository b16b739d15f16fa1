package org.xecomla.cli;

import java.util.List;
import org.xecomla.spark.Stage;
import picocli.CommandLine.Command;

/** Runs one stage. */
@Command(
        name = "distill",
        mixinStandardHelpOptions = true,
        description = "Trains the student on the teacher's targets, by replicas that average their weights.")
final class DistillCommand extends ClusterCommand {
    DistillCommand() {
        super(List.of(Stage.DISTILL));
    }
}
