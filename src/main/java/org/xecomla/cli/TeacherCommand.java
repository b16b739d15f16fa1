package org.xecomla.cli;

import java.util.List;
import org.xecomla.run.Stage;
import picocli.CommandLine.Command;

/** Runs one stage. */
@Command(
        name = "teacher",
        mixinStandardHelpOptions = true,
        description = "Writes the teacher's targets for every token shard.")
final class TeacherCommand extends ClusterCommand {
    TeacherCommand() {
        super(List.of(Stage.TEACHER));
    }
}
