package org.xecomla.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.CorpusWindows;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.Texts;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * What codecs of targets cost in bytes, and what in learning, on one model that is distilled from itself.
 *
 * @param train text to learn from, as of {@code corpus.train}
 * @param valid text to measure on
 * @param maxWindows of either
 */
public record Fidelity(RunConfig config, ModelDirectory base, List<String> train, List<String> valid, int maxWindows) {
    /** Measures what is asked, and prints it row by row. */
    public void run(FidelityTable.Asked asked, PrintWriter console) {
        asked.requireCodecs();
        int length = config.sequence().lengthFor(base.config());
        List<TokenSequence> text = Texts.windows(config, train, base, length, maxWindows);
        int numHeld = (int) Math.min(maxWindows, config.eval().maxWindows().orElse(maxWindows));
        List<TokenSequence> held = Texts.windows(config, valid, base, length, numHeld);
        Path scratch = scratch();
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel teacher = LoadedModel.open(base, kernels, length);
                Student start = student(text, kernels);
                FidelityTargets targets = new FidelityTargets(scratch, base.path(), text, packing(), kernels)) {
            FidelityRuns runs = new FidelityRuns(config, start, teacher, held, kernels);
            new FidelityTable(config, targets, runs, asked, console).print();
        } finally {
            DataFiles.delete(scratch);
        }
    }

    private Packing packing() {
        try (Tokenizer tokenizer = Texts.tokenizer(config, base)) {
            return CorpusWindows.packing(config, tokenizer, base.config());
        }
    }

    private Student student(List<TokenSequence> text, Kernels kernels) {
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        int numWindows =
                Math.min(text.size(), plan.numCalibrationWindows(text.get(0).ids().length));
        return StudentInitializer.make(base, plan, () -> text.subList(0, numWindows), kernels, kernels.type());
    }

    private static Path scratch() {
        try {
            return DataFiles.path(Files.createTempDirectory("xecomla-fidelity").toString());
        } catch (IOException e) {
            throw new UserException("cannot make a scratch directory: " + e.getMessage(), e);
        }
    }
}
