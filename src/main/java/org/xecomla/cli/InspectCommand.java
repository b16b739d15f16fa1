package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says in human words what a directory of the project holds. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description =
                "Says what a directory holds: a run, token shards, targets, a student, checkpoints, an evaluation, an"
                        + " export, or any Hugging Face Llama.")
final class InspectCommand implements Callable<Integer> {
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

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Path path = DataFiles.path(directory);
        PrintWriter console = spec.commandLine().getOut();
        new DirectoryDescription(path).lines(verify).forEach(console::println);
        if (sequence != null) {
            console.println(sequence(path));
        }
        console.flush();
        return 0;
    }

    private String sequence(Path path) {
        try (TokenShards shards = TokenShards.open(path)) {
            if (sequence < 0 || sequence >= shards.numSequences()) {
                throw new UserException("no sequence " + sequence + ": " + DataFiles.display(path) + " has "
                        + shards.numSequences() + ", counted from 0");
            }
            TokenSequence tokens = shards.sequence(sequence);
            String what = "sequence " + sequence + " (shard " + shards.plan().shardOf(sequence) + "): ";
            if (tokenizer == null) {
                return what
                        + Arrays.stream(tokens.ids())
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(" "));
            }
            try (Tokenizer opened = Tokenizer.open(DataFiles.path(tokenizer))) {
                opened.requireFits(shards.spec().vocabSize(), "these shards");
                return what + text(tokens, opened);
            }
        }
    }

    /** A position's mark is about the token after it; the first token goes with the second. */
    private static String text(TokenSequence tokens, Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        int length = tokens.ids().length;
        int from = 0;
        while (from < length) {
            boolean learned = tokens.learned()[Math.max(0, from - 1)];
            int start = from++;
            while (from < length && tokens.learned()[from - 1] == learned) {
                from++;
            }
            int[] run = IntStream.range(start, from).map(i -> tokens.ids()[i]).toArray();
            text.append(learned ? "" : "[").append(tokenizer.decode(run, false)).append(learned ? "" : "]");
        }
        return text.toString();
    }
}
