package org.xecomla.cli;

import java.util.List;
import java.util.Locale;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;
import picocli.CommandLine;

/** The commands that run certain stages of a configured run, on Spark. */
enum ClusterCommand {
    RUN(
            Stages.ofRun(),
            "The whole pipeline: shard, teacher, init, distill, dpo where preferences are given, eval, export, report."
                    + " Goes on where it stopped."),
    SHARD(Stages.named("shard"), "Tokenises the corpus and packs it into token shards."),
    TEACHER(Stages.named("teacher"), "Writes the teacher's targets for every token shard."),
    /** With what it starts from: {@code init} alone takes no run. */
    DISTILL(
            Stages.named("init", "distill"),
            "Makes the student where it is missing, and trains it on the teacher's targets by replicas that average."),
    DPO(
            Stages.named("dpo"),
            "Trains the distilled student on preferences: tokenises the pairs, has the student as it is answer them"
                    + " for reference, and trains by replicas that average."),
    SWEEP(
            Stages.named("shard", "sweep", "report"),
            "One run for every combination of the values in section sweep, all as one job; then KL and perplexity"
                    + " against KV bytes as a table and a plot. Goes on where it stopped.");

    @SuppressWarnings("ImmutableEnumChecker") // lists of Stages are copies
    private final List<SparkStage> stages;

    private final String description;

    ClusterCommand(List<SparkStage> stages, String description) {
        this.stages = stages;
        this.description = description;
    }

    CommandLine commandLine() {
        CommandLine line = new CommandLine(new StagesCommand(stages));
        line.getCommandSpec()
                .name(name().toLowerCase(Locale.ROOT))
                .usageMessage()
                .description(description);
        return line;
    }
}
