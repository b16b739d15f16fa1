package org.xecomla.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.experiments.FidelityRuns;
import org.xecomla.experiments.FidelityTable;
import org.xecomla.experiments.FidelityTargets;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.serve.LoadedModel;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what a codec of targets costs in bytes, and what in learning. */
@Command(
        name = "fidelity",
        mixinStandardHelpOptions = true,
        description = {
            "Compares codecs of targets on one model distilled from itself: bytes per token, angle between the "
                    + "student's"
                    + " gradient and that of dense targets, KL after the same tokens, tokens written and read per "
                    + "second.",
            "The recipe is that of conf/fidelity.conf; -D overrules it."
        })
final class FidelityCommand implements Callable<Integer> {
    @Option(names = "--base", required = true, paramLabel = "DIR", description = "Checkpoint, Hugging Face layout.")
    private String base;

    @Option(names = "--train", required = true, split = ",", paramLabel = "FILE", description = "Text to learn from.")
    private List<String> train;

    @Option(names = "--valid", required = true, split = ",", paramLabel = "FILE", description = "Text to measure on.")
    private List<String> valid;

    @Option(
            names = "--codecs",
            split = ",",
            paramLabel = "CODEC",
            description = "sampled:N, stratified:N, topk:K; dense is always first. Default: ${DEFAULT-VALUE}.")
    private List<String> codecs =
            List.of("sampled:12", "sampled:25", "sampled:50", "stratified:12", "stratified:25", "topk:16", "topk:50");

    @Option(
            names = "--untrained",
            split = ",",
            paramLabel = "CODEC",
            description = "Codecs of which only bytes and gradients are compared. Default: none.")
    private List<String> untrained = List.of();

    @Option(
            names = "--students",
            split = ",",
            paramLabel = "KL",
            description = "Also compare gradients of students distilled to these. Default: ${DEFAULT-VALUE}.")
    private List<Double> students = List.of(0.6, 0.25);

    @Option(names = "--windows", paramLabel = "N", description = "Training windows. Default: ${DEFAULT-VALUE}.")
    private int numWindows = 1500;

    @Option(
            names = "--angle-windows",
            paramLabel = "N",
            description = "Windows whose gradient is compared. Default: ${DEFAULT-VALUE}.")
    private int angleWindows = 256;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Runs per codec, each in another order. Default: ${DEFAULT-VALUE}.")
    private int numSeeds = 1;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        RunConfig config = options.load(Map.of("base.path", base));
        FidelityTable.requireCodecs(codecs, untrained);
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(base));
        int length = config.sequence().lengthFor(directory.config());
        List<TokenSequence> text = windows(config, directory, train, length, numWindows);
        int maxWindows = (int) Math.min(numWindows, config.eval().maxWindows().orElse(numWindows));
        List<TokenSequence> held = windows(config, directory, valid, length, maxWindows);
        java.nio.file.Path scratch = scratch();
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel teacher = LoadedModel.open(directory, kernels, length);
                Student start = student(config, directory, text, kernels);
                FidelityTargets targets = new FidelityTargets(
                        DataFiles.path(scratch.toString()),
                        directory.path(),
                        text,
                        packing(config, directory),
                        kernels)) {
            FidelityRuns runs = new FidelityRuns(config, start, teacher, held, kernels);
            FidelityTable table = new FidelityTable(
                    config,
                    targets,
                    runs,
                    angleWindows,
                    numSeeds,
                    spec.commandLine().getOut());
            table.print(codecs, untrained, students);
        } finally {
            delete(scratch);
        }
        return 0;
    }

    private List<TokenSequence> windows(
            RunConfig config, ModelDirectory directory, List<String> files, int length, int maxWindows) {
        return Texts.windows(config, files, base, directory.config(), length, maxWindows);
    }

    private Packing packing(RunConfig config, ModelDirectory directory) {
        String path = config.models().tokenizer().orElse(base);
        try (Tokenizer tokenizer = Texts.tokenizer(path, directory.config())) {
            return Texts.packing(config, tokenizer, directory.config());
        }
    }

    private static Student student(RunConfig config, ModelDirectory base, List<TokenSequence> text, Kernels kernels) {
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        int numWindows =
                Math.min(text.size(), plan.numCalibrationWindows(text.get(0).ids().length));
        return StudentInitializer.make(base, plan, () -> text.subList(0, numWindows), kernels, kernels.type());
    }

    private static java.nio.file.Path scratch() {
        try {
            return Files.createTempDirectory("xecomla-fidelity");
        } catch (IOException e) {
            throw new UserException("cannot make a scratch directory: " + e.getMessage(), e);
        }
    }

    private static void delete(java.nio.file.Path scratch) {
        Path path = DataFiles.path(scratch.toString());
        DataFiles.delete(path);
    }
}
