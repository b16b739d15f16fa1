package org.xecomla.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Machine;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.report.DecodeSweep;
import org.xecomla.report.SvgChart;
import org.xecomla.tensor.Kernels;

/**
 * {@code bench --decode}: base and student decode in turns, over contexts and batches.
 *
 * @param base directory of the model to compare with
 * @param student directory of the student
 * @param batches sequences decoded together
 * @param numNew the last tokens of a context, which are measured
 * @param rounds turns that both take
 */
public record DecodeBench(String base, String student, List<Integer> batches, int numNew, int rounds) {
    private static final long LEAST_WARM_UP_NANOS = 300_000_000L; // before each cell
    private static final String KV_DTYPE = "float32";

    /**
     * Measures and shows all cells.
     *
     * @param contexts tokens of a sequence; none: an eighth, a quarter, half and all of what the student was made for
     * @param out where the table and the plot go as well
     * @throws ConfigException where a context has no room for the new tokens
     */
    public void run(List<Integer> contexts, Kernels kernels, int threads, Optional<Path> out, PrintWriter console) {
        ModelDirectory ofStudent = ModelDirectory.open(DataFiles.path(student));
        int trained = ofStudent.config().maxPositionEmbeddings();
        List<Integer> lengths = contexts.isEmpty() ? List.of(trained / 8, trained / 4, trained / 2, trained) : contexts;
        lengths.forEach(this::requireRoom);
        if (Collections.max(lengths) > trained) {
            console.printf(
                    "beyond %,d tokens, what the model was made for, only time and memory mean something%n", trained);
        }
        List<DecodeSweep.Cell> cells = cells(ofStudent, lengths, kernels);
        DecodeSweep sweep = new DecodeSweep(base, student, Machine.processor(), threads, KV_DTYPE, numNew, cells);
        console.print(sweep.toText());
        out.ifPresent(directory -> write(sweep, directory, console));
    }

    private void requireRoom(int context) {
        if (numNew < 1 || context <= numNew) {
            throw new ConfigException("a context of " + context + " tokens has no room for --new-tokens " + numNew
                    + " and one before them: give longer --contexts or fewer new tokens");
        }
    }

    private List<DecodeSweep.Cell> cells(ModelDirectory latent, List<Integer> contexts, Kernels kernels) {
        int longest = Collections.max(contexts);
        List<DecodeSweep.Cell> cells = new ArrayList<>();
        try (LoadedModel ofStudent = LoadedModel.open(latent, kernels, longest);
                LoadedModel ofBase = LoadedModel.open(ModelDirectory.open(DataFiles.path(base)), kernels, longest)) {
            // for the just-in-time compiler
            cell(ofBase.model(), ofStudent.model(), contexts.get(0), batches.get(0));
            for (int context : contexts) {
                for (int batch : batches) {
                    cells.add(cell(ofBase.model(), ofStudent.model(), context, batch));
                }
            }
        }
        return cells;
    }

    /** Both in turns, so that a neighbour who slows the machine for a while slows both; medians. */
    private DecodeSweep.Cell cell(CausalLm ofBase, CausalLm ofStudent, int context, int batch) {
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

    private static void write(DecodeSweep sweep, Path directory, PrintWriter console) {
        DataFiles.writeString(new Path(directory, DecodeSweep.FILE), sweep.toJson());
        DataFiles.writeString(new Path(directory, "decode.txt"), sweep.toText());
        DataFiles.writeString(new Path(directory, "decode.svg"), SvgChart.file(sweep.charts()));
        console.printf("written to %s%n", DataFiles.display(directory));
    }
}
