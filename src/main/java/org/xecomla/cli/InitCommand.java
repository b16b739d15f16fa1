package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.Manifest;
import org.xecomla.files.OutputDirectory;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.run.Revision;
import org.xecomla.run.Texts;
import org.xecomla.safetensors.Dtype;
import org.xecomla.spark.stage.InitStage;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes a student from a base model's own weights, in this process. */
@Command(
        name = "init",
        mixinStandardHelpOptions = true,
        description = "Upcycles a base model's attention to MLA and writes the student, in float32.")
final class InitCommand extends ConfiguredCommand {
    @Option(names = "--base", required = true, paramLabel = "DIR", description = "Checkpoint, Hugging Face layout.")
    private String base;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory of the student.")
    private String out;

    @Option(
            names = "--calibration",
            split = ",",
            paramLabel = "FILE",
            description = "Text, JSON lines, that method aligned and the KV norm measure on. Default: corpus.train.")
    private List<String> calibration = List.of();

    @Override
    int run(PrintWriter console) {
        RunConfig config = config(Map.of("base.path", base));
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(base));
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), directory.config());
        List<String> text = calibration.isEmpty() ? config.corpus().train() : calibration;
        plan.requireCalibration(!text.isEmpty());
        Path directoryOfStudent = OutputDirectory.free(out);
        try (Kernels kernels = ComputeKernels.of(config.compute());
                Student student = StudentInitializer.make(
                        directory, plan, () -> windows(config, directory, plan, text), kernels, ElementType.FLOAT)) {
            StageDirectory output = new StageDirectory(directoryOfStudent);
            Manifest asked = Manifest.asked(
                    InitStage.KIND,
                    1,
                    config.settings("upcycle", "mha2mla"),
                    config.run().seed(),
                    Revision.current(),
                    Map.of("base", Fingerprints.anew().of(directory.path())));
            output.begin(asked);
            ModelDirectory.save(
                    directoryOfStudent,
                    student.config(),
                    student.weights(),
                    SaveOptions.of(Dtype.F32, directory.path()));
            output.complete(
                    asked, Map.of("layers made latent", (long) plan.layers().size()));
            student.report().lines().forEach(console::println);
        }
        return 0;
    }

    private List<TokenSequence> windows(
            RunConfig config, ModelDirectory directory, UpcyclePlan plan, List<String> text) {
        int length = config.sequence().lengthFor(directory.config());
        return Texts.windows(config, text, directory, length, plan.numCalibrationWindows(length));
    }
}
