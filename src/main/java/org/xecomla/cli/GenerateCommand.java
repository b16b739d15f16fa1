package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.config.ConfigException;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.serve.ComputeKernels;
import org.xecomla.serve.Generator;
import org.xecomla.serve.LoadedModel;
import org.xecomla.serve.Sampler;
import org.xecomla.tensor.Kernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Continues a prompt. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = "Continues a prompt and prints prompt and continuation.")
final class GenerateCommand implements Callable<Integer> {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Checkpoint with its tokenizer.json.")
    private String model;

    @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "Text to continue.")
    private String prompt;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Tokens to add at most. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = 128;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0: always the most probable token. Default: ${DEFAULT-VALUE}.")
    private double temperature = 0;

    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        RunConfig config = options.load();
        if (maxTokens < 1 || !(temperature >= 0)) {
            throw new ConfigException("--max-tokens is at least 1 and --temperature at least 0, not " + maxTokens
                    + " and " + temperature);
        }
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(model));
        String tokenizerPath = config.models().tokenizer().orElse(model);
        try (Tokenizer tokenizer = Texts.tokenizer(tokenizerPath, directory.config());
                Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel loaded =
                        LoadedModel.open(directory, kernels, directory.config().maxPositionEmbeddings())) {
            int[] ids = withBos(tokenizer.encode(prompt), tokenizer.bosTokenId());
            Sampler sampler = Sampler.ofTemperature(temperature, config.run().seed());
            int[] added = new Generator(loaded.model()).generate(ids, maxTokens, sampler);
            PrintWriter console = spec.commandLine().getOut();
            console.println(tokenizer.decode(concat(ids, added)));
            console.flush();
        }
        return 0;
    }

    private static int[] withBos(int[] ids, OptionalInt bos) {
        return bos.isPresent() ? concat(new int[] {bos.getAsInt()}, ids) : ids;
    }

    private static int[] concat(int[] a, int[] b) {
        int[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }
}
