package org.xecomla.cli;

import java.util.Iterator;
import java.util.List;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Runs one stage of a configured run on its cluster: what a scheduler makes a task of. */
@Command(
        name = "stage",
        mixinStandardHelpOptions = true,
        description =
                "One stage of the run that --conf describes, on its cluster. Ends at once where it is complete, goes on"
                        + " where a part of it is there: it may be started again after any failure.")
final class StageCommand extends StagesCommand {
    @Parameters(
            paramLabel = "STAGE",
            description = "${COMPLETION-CANDIDATES}, in this order.",
            completionCandidates = Names.class)
    private String stage;

    StageCommand() {
        super(List.of());
    }

    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stages.names().iterator();
        }
    }

    @Override
    List<SparkStage> stages() {
        if (!Stages.names().contains(stage)) {
            throw new ParameterException(
                    spec().commandLine(), stage + " is no stage: " + String.join(", ", Stages.names()) + " are");
        }
        return Stages.named(stage);
    }
}
