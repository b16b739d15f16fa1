package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
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
                        + " export, any Hugging Face Llama, or a GGUF file.")
final class InspectCommand extends ConsoleCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = "The directory, or a GGUF file: local, or by a URI of Hadoop's file systems.")
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

    @Option(
            names = "--conversion",
            paramLabel = "BASE",
            description = "What this checkpoint promises before it is converted: shares of its keys that one shared key"
                    + " keeps, and errors of some layers by method and size of the cache. Minutes for 1 B parameters.")
    private String conversion;

    @Option(
            names = "--calibration",
            split = ",",
            paramLabel = "FILE",
            description = "With --conversion: text, JSON lines, that it is measured on.")
    private List<String> calibration = List.of();

    @Override
    int run(PrintWriter console) {
        if ((directory == null) == (conversion == null)) {
            throw new ConfigException("give either a directory to look at, or --conversion BASE --calibration FILE");
        }
        if (conversion != null) {
            if (calibration.isEmpty()) {
                throw new ConfigException("--conversion measures on text: give --calibration FILE");
            }
            new ConversionReport(conversion, calibration).lines().forEach(console::println);
            return 0;
        }
        Path path = DataFiles.path(directory);
        new DirectoryDescription(path).lines(verify).forEach(console::println);
        if (sequence != null) {
            Optional<Path> words = Optional.ofNullable(tokenizer).map(DataFiles::path);
            console.println(SequenceDescription.of(path, sequence, words));
        }
        return 0;
    }
}
