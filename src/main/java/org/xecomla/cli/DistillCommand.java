package org.xecomla.cli;

import java.util.List;
import org.xecomla.run.Stage;
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
        super(List.of(Stage.INIT, Stage.DISTILL));
    }
}
