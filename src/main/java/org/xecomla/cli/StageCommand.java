package org.xecomla.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.xecomla.run.Stage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs one stage of a configured run on its cluster: what a scheduler makes a task of. */
@Command(
        name = "stage",
        mixinStandardHelpOptions = true,
        description =
                "One stage of the run that --conf describes, on its cluster. Ends at once where it is complete, goes on"
                        + " where a part of it is there: it may be started again after any failure.")
final class StageCommand implements Callable<Integer> {
    @Parameters(paramLabel = "STAGE", description = "${COMPLETION-CANDIDATES}, in this order, in lower case.")
    private Stage stage;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return ClusterCommand.run(options.load(), List.of(stage), spec);
    }
}
