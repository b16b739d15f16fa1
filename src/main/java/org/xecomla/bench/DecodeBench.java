package org.xecomla.bench;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.report.DecodeSweep;
import org.xecomla.report.SvgChart;
import org.xecomla.serve.LoadedModel;
import org.xecomla.tensor.Kernels;
import picocli.CommandLine.Option;

/** {@code bench --decode}: base and student decode in turns, over contexts and batches. */
public final class DecodeBench {
    private static final long LEAST_WARM_UP_NANOS = 300_000_000L; // before each cell
    private static final String KV_DTYPE = "float32";

    @Option(
            names = "--decode",
            description = "Decode with the cache instead: tokens/s and bytes of the cache of --model and --base.")
    private boolean asked;

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
    private Path out;

    public boolean asked() {
        return asked;
    }

    /** Measures and shows all cells. */
    public void run(String studentDirectory, Kernels kernels, int threads, int rounds, PrintWriter console) {
        if (base == null) {
            throw new ConfigException(
                    "--decode compares two models: name the student by --model DIR and its base by" + " --base DIR");
        }
        ModelDirectory student = ModelDirectory.open(DataFiles.path(studentDirectory));
        ModelDirectory reference = ModelDirectory.open(DataFiles.path(base));
        List<Integer> lengths = contexts(student);
        int longest = Collections.max(lengths);
        int trained = student.config().maxPositionEmbeddings();
        if (longest > trained) {
            console.printf(
                    "beyond %,d tokens, what the model was made for, only time and memory mean something%n", trained);
        }
        List<DecodeSweep.Cell> cells = new ArrayList<>();
        try (LoadedModel ofStudent = LoadedModel.open(student, kernels, longest);
                LoadedModel ofBase = LoadedModel.open(reference, kernels, longest)) {
            cell(
                    ofBase.model(),
                    ofStudent.model(),
                    lengths.get(0),
                    batches.get(0),
                    rounds); // for the just-in-time compiler
            for (int context : lengths) {
                for (int batch : batches) {
                    cells.add(cell(ofBase.model(), ofStudent.model(), context, batch, rounds));
                }
            }
        }
        DecodeSweep sweep =
                new DecodeSweep(base, studentDirectory, ProcessMemory.processor(), threads, KV_DTYPE, numNew, cells);
        console.print(sweep.toText());
        write(sweep, console);
    }

    private List<Integer> contexts(ModelDirectory student) {
        int longest = student.config().maxPositionEmbeddings();
        List<Integer> lengths = contexts.isEmpty() ? List.of(longest / 8, longest / 4, longest / 2, longest) : contexts;
        for (int length : lengths) {
            if (numNew < 1 || length <= numNew) {
                throw new ConfigException("a context of " + length + " tokens has no room for --new-tokens " + numNew
                        + " and one before them: give longer --contexts or fewer new tokens");
            }
        }
        if (batches.stream().anyMatch(batch -> batch < 1)) {
            throw new ConfigException("--batches are at least 1");
        }
        return lengths;
    }

    /** Both in turns, so that a neighbour who slows the machine for a while slows both; medians. */
    private DecodeSweep.Cell cell(CausalLm ofBase, CausalLm ofStudent, int context, int batch, int rounds) {
        try (DecodeBenchmark first = new DecodeBenchmark(ofBase, context, batch, numNew);
                DecodeBenchmark second = new DecodeBenchmark(ofStudent, context, batch, numNew)) {
            long end = System.nanoTime() + LEAST_WARM_UP_NANOS;
            do {
                first.tokensPerSecond();
                second.tokensPerSecond();
            } while (System.nanoTime() < end);
            double[] baseRates = new double[rounds];
            double[] studentRates = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                baseRates[round] = first.tokensPerSecond();
                studentRates[round] = second.tokensPerSecond();
            }
            return new DecodeSweep.Cell(
                    context,
                    batch,
                    BenchReport.median(baseRates),
                    BenchReport.median(studentRates),
                    first.cacheBytes(),
                    second.cacheBytes());
        }
    }

    private void write(DecodeSweep sweep, PrintWriter console) {
        if (out == null) {
            return;
        }
        org.apache.hadoop.fs.Path directory = DataFiles.path(out.toString());
        DataFiles.writeString(new org.apache.hadoop.fs.Path(directory, DecodeSweep.FILE), sweep.toJson());
        DataFiles.writeString(new org.apache.hadoop.fs.Path(directory, "decode.txt"), sweep.toText());
        DataFiles.writeString(new org.apache.hadoop.fs.Path(directory, "decode.svg"), SvgChart.file(sweep.charts()));
        console.printf("written to %s%n", DataFiles.display(directory));
    }
}
