package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.config.RunConfig;
import org.xecomla.eval.EvalResult;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.files.DataFiles;
import org.xecomla.serve.ComputeKernels;
import org.xecomla.serve.LoadedModel;
import org.xecomla.tensor.Kernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Scores one checkpoint on text, in this process. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        description = "Perplexity of a checkpoint on text, and its KL from a teacher, as JSON.")
final class EvalCommand implements Callable<Integer> {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Checkpoint, Hugging Face layout.")
    private String model;

    @Option(
            names = "--data",
            required = true,
            split = ",",
            paramLabel = "FILE",
            description = "JSON lines, text under corpus.text-key.")
    private List<String> data;

    @Option(names = "--teacher", paramLabel = "DIR", description = "Checkpoint to compare with.")
    private String teacher;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "JSON file.")
    private String out;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        RunConfig config = options.load();
        ModelDirectory student = ModelDirectory.open(DataFiles.path(model));
        ModelDirectory reference = teacher == null ? null : ModelDirectory.open(DataFiles.path(teacher));
        int length = config.sequence().lengthFor(student.config());
        if (reference != null) {
            length = Math.min(length, config.sequence().lengthFor(reference.config()));
        }
        List<int[]> windows = windows(config, student, length);
        EvalSums sums = sums(config, student, reference, length, windows);
        EvalResult result = EvalResult.of(sums, student.config(), student.dtype());
        DataFiles.writeString(DataFiles.path(out), result.toJson());
        PrintWriter console = spec.commandLine().getOut();
        console.print(result.toJson());
        console.flush();
        return 0;
    }

    private List<int[]> windows(RunConfig config, ModelDirectory student, int length) {
        int maxWindows =
                (int) Math.min(Integer.MAX_VALUE, config.eval().maxWindows().orElse(Integer.MAX_VALUE));
        return Texts.windows(config, data, model, student.config(), length, maxWindows);
    }

    private static EvalSums sums(
            RunConfig config, ModelDirectory student, ModelDirectory teacher, int length, List<int[]> windows) {
        int batch = Math.min(config.eval().batchSequences(), windows.size());
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel model = LoadedModel.open(student, kernels, length);
                LoadedModel reference = teacher == null ? null : LoadedModel.open(teacher, kernels, length);
                Evaluator evaluator =
                        new Evaluator(model.model(), reference == null ? null : reference.model(), length, batch)) {
            return evaluator.evaluate(windows);
        }
    }
}
