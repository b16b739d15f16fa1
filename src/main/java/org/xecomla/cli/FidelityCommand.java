package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import org.xecomla.config.RunConfig;
import org.xecomla.experiments.Fidelity;
import org.xecomla.experiments.FidelityTable;
import org.xecomla.run.RunModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

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
final class FidelityCommand extends ConfiguredCommand {
    @Option(names = "--base", paramLabel = "DIR", description = "Checkpoint, Hugging Face layout. Default: base.path.")
    private String base;

    @Option(
            names = "--train",
            split = ",",
            paramLabel = "FILE",
            description = "Text to learn from. Default: corpus.train.")
    private List<String> train;

    @Option(
            names = "--valid",
            split = ",",
            paramLabel = "FILE",
            description = "Text to measure on. Default: corpus.valid.")
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

    @Override
    int run(PrintWriter console) {
        RunConfig config = config(base == null ? Map.of() : Map.of("base.path", base));
        FidelityTable.Asked asked = new FidelityTable.Asked(codecs, untrained, students, angleWindows, numSeeds);
        new Fidelity(
                        config,
                        RunModels.base(config),
                        train == null ? config.corpus().train() : train,
                        valid == null ? config.corpus().valid() : valid,
                        numWindows)
                .run(asked, console);
        return 0;
    }
}
