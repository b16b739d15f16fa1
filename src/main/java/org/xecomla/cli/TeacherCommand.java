package org.xecomla.cli;

import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;

/** Runs one stage. */
@Command(
        name = "teacher",
        mixinStandardHelpOptions = true,
        description = "Writes the teacher's targets for every token shard.")
final class TeacherCommand extends ClusterCommand {
    TeacherCommand() {
        super(Stages.named("teacher"));
    }
}
