package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;
import org.xecomla.inspect.DirectoryDescription;
import org.xecomla.inspect.SequenceDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says in human words what a directory of the project holds. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description =
                "Says what a directory holds: a run, token shards, targets, a student, checkpoints, an evaluation, an"
                        + " export, or any Hugging Face Llama.")
final class InspectCommand extends ConsoleCommand {
    @Parameters(paramLabel = "DIR", description = "The directory: local, or by a URI of Hadoop's file systems.")
    private String directory;

    @Option(names = "--verify", description = "Also read every file and compare it with its checksum.")
    private boolean verify;

    @Option(
            names = "--sequence",
            paramLabel = "N",
            description = "Also show sequence N of token shards, counted from 0.")
    private Long sequence;

    @Option(
            names = "--tokenizer",
            paramLabel = "DIR",
            description = "With --sequence: show its text; what is not learned stands in brackets.")
    private String tokenizer;

    @Override
    int run(PrintWriter console) {
        Path path = DataFiles.path(directory);
        new DirectoryDescription(path).lines(verify).forEach(console::println);
        if (sequence != null) {
            Optional<Path> words = Optional.ofNullable(tokenizer).map(DataFiles::path);
            console.println(SequenceDescription.of(path, sequence, words));
        }
        return 0;
    }
}
