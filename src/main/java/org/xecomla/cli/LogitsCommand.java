package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.OutputFile;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.SafetensorsWriter;
import org.xecomla.serve.SequenceLogits;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes the logits of one sequence, for comparison with other implementations. */
@Command(
        name = "logits",
        mixinStandardHelpOptions = true,
        description = "Writes the logits of one sequence of token ids: tensor \"logits\", (1, T, V), F32.")
final class LogitsCommand extends ConfiguredCommand {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Checkpoint, Hugging Face layout.")
    private String model;

    @Option(names = "--ids", required = true, split = ",", paramLabel = "ID", description = "Token ids.")
    private List<Integer> ids;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "A .safetensors file.")
    private String out;

    @Override
    int run(PrintWriter console) {
        RunConfig config = config();
        Path file = OutputFile.apartFrom(List.of(model), out);
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(model));
        int length = ids.size();
        if (length > directory.config().maxPositionEmbeddings()) {
            throw new ConfigException("--ids has " + length + " tokens and the model takes at most "
                    + directory.config().maxPositionEmbeddings() + " (max_position_embeddings): give fewer");
        }
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel loaded = LoadedModel.open(directory, kernels, length)) {
            float[] logits = SequenceLogits.of(
                    loaded.model(), ids.stream().mapToInt(Integer::intValue).toArray()); // (T, V)
            List<Long> shape = List.of(1L, (long) length, (long) loaded.config().vocabSize());
            new SafetensorsWriter().add("logits", Dtype.F32, shape, logits).write(file);
        }
        return 0;
    }
}
