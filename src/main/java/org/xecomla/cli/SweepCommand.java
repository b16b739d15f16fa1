package org.xecomla.cli;

import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;

/** Runs every combination of a sweep's values. */
@Command(
        name = "sweep",
        mixinStandardHelpOptions = true,
        description =
                "One run for every combination of the values in section sweep, all as one job; then KL and perplexity"
                        + " against KV bytes as a table and a plot. Goes on where it stopped.")
final class SweepCommand extends ClusterCommand {
    SweepCommand() {
        super(Stages.named("shard", "sweep", "report"));
    }
}
