package org.xecomla.cli;

import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;

/** Runs one stage. */
@Command(
        name = "shard",
        mixinStandardHelpOptions = true,
        description = "Tokenises the corpus and packs it into token shards.")
final class ShardCommand extends ClusterCommand {
    ShardCommand() {
        super(Stages.named("shard"));
    }
}
