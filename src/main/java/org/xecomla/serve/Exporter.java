package org.xecomla.serve;

import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.ParameterStore;

/**
 * Writes a model in a format, with a model card.
 *
 * @param model what is exported
 */
public record Exporter(ModelDirectory model, ExportConfig.Format format) {
    /**
     * What loads the export and what will not, one line each; looks at shapes only.
     *
     * @throws ConfigException where the format cannot hold the model, saying why
     */
    public List<String> notes() {
        ModelConfig config = model.config();
        return switch (format) {
            case NATIVE ->
                List.of("xecomla-spark: loads as it is; stock servers do not, export it as deepseek-v3 for those");
            case XECOMLA -> {
                OfficialExport.exported(config);
                yield List.of(
                        "X-EcoMLA's official code: MLATransformerHybridModelWrapper.from_pretrained; no stock server");
            }
            case DEEPSEEK_V3 -> {
                boolean normFree = config.attention().stream()
                        .anyMatch(layer -> layer instanceof AttentionConfig.Mla mla && !mla.kvNorm());
                yield ServerNotes.of(DeepseekExport.exported(config), normFree);
            }
            case LLAMA -> {
                requireNoLatent(config);
                yield List.of("transformers, vLLM, SGLang: LlamaForCausalLM");
            }
        };
    }

    private static void requireNoLatent(ModelConfig config) {
        for (int l = 0; l < config.numLayers(); l++) {
            if (config.attention().get(l) instanceof AttentionConfig.Mla) {
                throw new ConfigException("layer " + l + " of the model is latent, and every layer of Llama is"
                        + " grouped-query attention: export it as deepseek-v3, xecomla or native");
            }
        }
    }

    /**
     * Writes the directory; its README.md is a model card with {@link #notes} and what was measured.
     *
     * @param measurements output of the stage eval; empty: none
     * @return numbers that were written
     * @throws ConfigException where the format cannot hold the model, saying why
     */
    public long write(Path directory, SaveOptions options, Optional<Path> measurements) {
        String card = ModelCard.of(format, notes(), measurements);
        ModelConfig written =
                switch (format) {
                    case NATIVE, LLAMA -> asItIs(directory, options);
                    case XECOMLA -> {
                        OfficialExport.write(model, directory, options);
                        yield OfficialExport.exported(model.config());
                    }
                    case DEEPSEEK_V3 -> {
                        DeepseekExport.write(model, directory, options);
                        yield DeepseekExport.exported(model.config());
                    }
                };
        DataFiles.writeString(new Path(directory, ModelCard.FILE), card);
        return CausalLm.layout(written, name -> false).numParameters();
    }

    private ModelConfig asItIs(Path directory, SaveOptions options) {
        ModelConfig config = model.config();
        try (ParameterStore weights = ParameterStore.zeros(CausalLm.layout(config, name -> false), DataType.FLOAT)) {
            model.load(weights);
            ModelDirectory.save(directory, config, weights, options);
        }
        return config;
    }
}
