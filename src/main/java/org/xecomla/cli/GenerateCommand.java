package org.xecomla.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.Texts;
import org.xecomla.serve.Generator;
import org.xecomla.serve.Generator.Prompt;
import org.xecomla.serve.Sampler;
import org.xecomla.serve.StopRule;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Continues prompts. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = "Continues prompts, decoding with a KV cache, and prints prompt and continuation.")
final class GenerateCommand extends ConfiguredCommand {
    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Checkpoint with its tokenizer.json.")
    private String model;

    @ArgGroup(multiplicity = "1")
    private Source source;

    /** Where the prompts come from. */
    static final class Source {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "Text to continue.")
        private String prompt;

        @Option(
                names = "--prompts",
                paramLabel = "FILE",
                description = "JSON lines, text under corpus.text-key, to continue side by side; out come JSON lines.")
        private String prompts;
    }

    @Option(names = "--max-tokens", paramLabel = "N", description = "Tokens to add at most. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = 128;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0: always the most probable token. Default: ${DEFAULT-VALUE}.")
    private double temperature = 0;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draws only from the most probable tokens that together have P. Default: ${DEFAULT-VALUE}.")
    private double topP = 1;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Ends a continuation before TEXT, besides the model's own end tokens. May be given often.")
    private List<String> stops = List.of();

    @Option(names = "--batch", paramLabel = "N", description = "Prompts continued at once. Default: ${DEFAULT-VALUE}.")
    private int batch = 8;

    @Option(names = "--cache-bytes", description = "Says on the error stream how much memory the KV cache took.")
    private boolean showCache;

    @Override
    int run(PrintWriter console) {
        RunConfig config = config();
        check();
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(model));
        try (Tokenizer tokenizer = Texts.tokenizer(config, directory)) {
            List<Prompt> prompts = prompts(config, tokenizer);
            int longest = prompts.stream().mapToInt(p -> p.ids().length).max().orElseThrow();
            int maxLength = (int)
                    Math.min((long) longest + maxTokens, directory.config().maxPositionEmbeddings());
            try (Kernels kernels = ComputeKernels.of(config.compute());
                    LoadedModel loaded = LoadedModel.open(directory, kernels, maxLength)) {
                StopRule stop = StopRule.of(directory).orAt(stops, tokenizer);
                Generator generator = new Generator(loaded.model());
                for (int from = 0; from < prompts.size(); from += batch) {
                    List<Prompt> some = prompts.subList(from, Math.min(prompts.size(), from + batch));
                    print(some, generator.generate(some, maxTokens, stop), tokenizer, console);
                }
            }
        }
        return 0;
    }

    private void check() {
        if (maxTokens < 1 || batch < 1) {
            throw new ConfigException("--max-tokens and --batch are at least 1, not " + maxTokens + " and " + batch);
        }
        if (!(temperature >= 0) || !(topP > 0 && topP <= 1)) {
            throw new ConfigException("--temperature is at least 0, not " + temperature
                    + ", and --top-p above 0 and at most 1, not " + topP);
        }
    }

    /** Every prompt draws from a seed of its own, so that a batch of another size draws the same. */
    private List<Prompt> prompts(RunConfig config, Tokenizer tokenizer) {
        List<String> texts = new ArrayList<>();
        if (source.prompt != null) {
            texts.add(source.prompt);
        } else {
            TextDocuments.of(List.of(source.prompts), config.corpus()).read(document -> texts.add(document.text()));
        }
        List<Prompt> prompts = new ArrayList<>();
        for (String text : texts) {
            int[] ids = tokenizer.begun(tokenizer.encode(text));
            long seed = config.run().seed() + prompts.size();
            prompts.add(new Prompt(ids, Sampler.of(temperature, topP, seed)));
        }
        return prompts;
    }

    private void print(List<Prompt> prompts, Generator.Result result, Tokenizer tokenizer, PrintWriter console) {
        for (int i = 0; i < prompts.size(); i++) {
            int[] ids = prompts.get(i).ids();
            String prompt = tokenizer.decode(ids);
            String whole = tokenizer.decode(concat(ids, result.added().get(i)));
            // a token's text may depend on those before it: the continuation is what the whole has more
            String added = whole.startsWith(prompt) ? whole.substring(prompt.length()) : whole;
            int end = StopRule.firstStop(added, stops);
            String kept = end < 0 ? added : added.substring(0, end);
            console.println(source.prompt != null ? prompt + kept : jsonLine(prompt, kept));
        }
        console.flush();
        if (showCache) {
            spec().commandLine()
                    .getErr()
                    .printf(
                            Locale.ROOT,
                            "KV cache: %,d bytes for %,d tokens of %d sequences%n",
                            result.cacheBytes(),
                            result.cacheTokens(),
                            prompts.size());
        }
    }

    private static String jsonLine(String prompt, String continuation) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("prompt", prompt)
                .put("continuation", continuation)
                .toString();
    }

    private static int[] concat(int[] a, int[] b) {
        int[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }
}
