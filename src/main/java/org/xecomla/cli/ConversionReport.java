package org.xecomla.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.Texts;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.upcycle.ConversionPromise;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * What a base promises before it is converted: every method at the usual sizes, tried on a few layers.
 *
 * @param base its checkpoint
 * @param calibration text, as of {@code corpus.train}
 */
record ConversionReport(String base, List<String> calibration) {
    private static final List<String> METHODS = List.of("xecomla", "aligned", "phased");
    private static final List<String> BUDGETS = List.of("0.5", "0.25", "0.156", "0.094");
    private static final int MOST_LAYERS = 4;

    List<String> lines() {
        RunConfig config = RunConfig.ofOverrides(Map.of("base.path", base));
        ModelDirectory directory = ModelDirectory.open(DataFiles.path(base));
        ModelConfig shape = directory.config();
        if (!shape.attention().stream().allMatch(AttentionConfig.Gqa.class::isInstance)) {
            throw new ConfigException(base + " has latent attention already: give a base that is not converted");
        }
        boolean biased =
                shape.attention().stream().anyMatch(layer -> layer.biases().ofInputs());
        List<ConversionPromise.Asked> asked = biased ? List.of() : asked(shape);
        int length = config.sequence().lengthFor(shape);
        int numWindows = Math.max(1, config.upcycle().calibrationTokens() / length);
        List<TokenSequence> windows = Texts.windows(config, calibration, directory, length, numWindows);
        List<String> lines = new ArrayList<>();
        try (Kernels kernels = ComputeKernels.of(config.compute())) {
            lines.addAll(
                    ConversionPromise.of(directory, windows, asked, kernels).lines());
        }
        if (biased) {
            lines.add("the base has biases, and conversions of such layers are not tried here");
        }
        return lines;
    }

    /** Methods at every size that they can have; a size may be too small for a method. */
    private List<ConversionPromise.Asked> asked(ModelConfig shape) {
        int count = Math.min(MOST_LAYERS, shape.numLayers());
        List<Integer> layers = IntStream.range(0, count)
                .mapToObj(i -> count == 1 ? 0 : i * (shape.numLayers() - 1) / (count - 1))
                .toList();
        List<ConversionPromise.Asked> asked = new ArrayList<>();
        for (String method : METHODS) {
            for (String budget : BUDGETS) {
                Map<String, String> settings = new TreeMap<>(Map.of(
                        "upcycle.method", method, "upcycle.kv-budget", budget, "upcycle.layers", layers.toString()));
                UpcyclePlan plan =
                        UpcyclePlan.of(RunConfig.ofOverrides(settings).upcycle(), shape);
                asked.add(new ConversionPromise.Asked(method + " " + budget, plan));
            }
        }
        return asked;
    }
}
