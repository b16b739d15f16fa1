package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.bench.DecodeBench;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.tensor.Kernels;
import picocli.CommandLine.Option;

/** Options of {@code bench --decode}: base and student decode in turns, over contexts and batches. */
final class DecodeOptions {
    @Option(
            names = "--decode",
            description = "Decode with the cache instead: tokens/s and bytes of the cache of --model and --base.")
    private boolean enabled;

    @Option(names = "--base", paramLabel = "DIR", description = "With --decode: the model to compare with.")
    private String base;

    @Option(
            names = "--contexts",
            split = ",",
            paramLabel = "N",
            description =
                    "With --decode: tokens of a sequence. Default: an eighth, a quarter, half and all of the model's.")
    private List<Integer> contexts = List.of();

    @Option(
            names = "--batches",
            split = ",",
            paramLabel = "N",
            description = "With --decode: sequences decoded together. Default: ${DEFAULT-VALUE}.")
    private List<Integer> batches = List.of(1, 4, 16);

    @Option(
            names = "--new-tokens",
            paramLabel = "N",
            description = "With --decode: the last tokens of a context, which are measured. Default: ${DEFAULT-VALUE}.")
    private int numNew = 16;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "With --decode: writes decode.json, decode.txt and the plot decode.svg into it. The report of"
                    + " a run shows those in RUN/decode.")
    private String out;

    boolean isEnabled() {
        return enabled;
    }

    /** Measures and shows all cells. */
    void run(String student, Kernels kernels, int threads, int rounds, PrintWriter console) {
        if (base == null) {
            throw new ConfigException(
                    "--decode compares two models: name the student by --model DIR and its base by --base DIR");
        }
        if (batches.stream().anyMatch(batch -> batch < 1)) {
            throw new ConfigException("--batches are at least 1");
        }
        Optional<Path> directory = Optional.ofNullable(out).map(DataFiles::path);
        new DecodeBench(base, student, batches, numNew, rounds).run(contexts, kernels, threads, directory, console);
    }
}
