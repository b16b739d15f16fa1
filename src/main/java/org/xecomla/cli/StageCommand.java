package org.xecomla.cli;

import java.util.Iterator;
import java.util.concurrent.Callable;
import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
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
    @Parameters(
            paramLabel = "STAGE",
            description = "${COMPLETION-CANDIDATES}, in this order.",
            completionCandidates = Names.class)
    private String stage;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stages.names().iterator();
        }
    }

    @Override
    public Integer call() {
        if (!Stages.names().contains(stage)) {
            throw new ParameterException(
                    spec.commandLine(), stage + " is no stage: " + String.join(", ", Stages.names()) + " are");
        }
        return ClusterCommand.run(options.load(), Stages.named(stage), spec);
    }
}
