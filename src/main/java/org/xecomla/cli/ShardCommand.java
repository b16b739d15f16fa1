package org.xecomla.cli;

import java.util.List;
import org.xecomla.run.Stage;
import picocli.CommandLine.Command;

/** Runs one stage. */
@Command(
        name = "shard",
        mixinStandardHelpOptions = true,
        description = "Tokenises the corpus and packs it into token shards.")
final class ShardCommand extends ClusterCommand {
    ShardCommand() {
        super(List.of(Stage.SHARD));
    }
}
