package org.xecomla.cli;

import java.util.List;
import org.xecomla.run.Stage;
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
        super(List.of(Stage.DPO));
    }
}
