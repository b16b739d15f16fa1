package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.run.Revision;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.train.Pretrainer;
import picocli.CommandLine.Command;

/** Trains a small Llama from nothing, in this process: how the demo's model was made. */
@Command(
        name = "pretrain",
        mixinStandardHelpOptions = true,
        description = "Trains a small Llama from random weights on corpus.train, as section pretrain says.")
final class PretrainCommand extends ConfiguredCommand {
    @Override
    int run(PrintWriter console) {
        RunConfig config = config();
        try (Kernels kernels = ComputeKernels.of(config.compute())) {
            Pretrainer pretrainer = new Pretrainer(config, Revision.current(), kernels);
            pretrainer.run(List.of(new ConsoleProgress(console)));
            console.println("model written to " + DataFiles.display(pretrainer.out()));
            console.flush();
        }
        return 0;
    }
}
