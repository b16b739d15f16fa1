package org.xecomla.formats.llama;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DerivedWeights;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.ModelWriter;
import org.xecomla.formats.checkpoint.RopeJson;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.UnrotatedLayers;
import org.xecomla.safetensors.Dtype;

/**
 * Writes a Llama, or the family whose biases and norms the model has, in the old spelling that every version of
 * transformers reads.
 */
public final class LlamaWriter implements ModelExport {
    @Override
    public ModelConfig exported(ModelConfig model) {
        for (int l = 0; l < model.numLayers(); l++) {
            if (model.attention().get(l) instanceof AttentionConfig.Mla) {
                throw new ConfigException("layer " + l + " of the model is latent, and every layer of Llama is"
                        + " grouped-query attention: export it as deepseek-v3, xecomla or native");
            }
            if (model.attention().get(l) instanceof AttentionConfig.LowRankGqa) {
                throw new ConfigException("keys and values of layer " + l
                        + " are products, which Llama has not: multiply" + " them out, or export it as native");
            }
        }
        family(model);
        return model;
    }

    /** @throws ConfigException where no family has these biases and norms */
    private static Family family(ModelConfig model) {
        AttentionConfig.HeadNorm norm = ((AttentionConfig.Gqa) model.attention().get(0)).norm();
        if (norm != null) {
            return normed(model, norm);
        }
        if (!model.attention().stream().allMatch(AttentionConfig::isRotated)) {
            return partlyRotated(model);
        }
        boolean inputsOnly = model.attention().get(0).biases() == AttentionConfig.Biases.INPUTS;
        if (inputsOnly && model.mlpBias()) {
            throw new ConfigException("biases of queries, keys and values and of the feed-forward layers, and none of"
                    + " the attention's output: no class of transformers has these");
        }
        return inputsOnly ? Family.QWEN2 : Family.LLAMA;
    }

    private static Family partlyRotated(ModelConfig model) {
        if (model.attention().get(0).biases() == AttentionConfig.Biases.INPUTS) {
            throw new ConfigException("layers without rotation, and biases of queries, keys and values alone: no class"
                    + " of transformers has these");
        }
        return Family.SMOLLM3;
    }

    private static Family normed(ModelConfig model, AttentionConfig.HeadNorm norm) {
        boolean fits = norm.scope() == AttentionConfig.NormScope.HEAD
                && norm.epsilon() == model.rmsNormEps()
                && model.attention().get(0).biases() != AttentionConfig.Biases.INPUTS
                && model.attention().stream().allMatch(AttentionConfig::isRotated)
                && !model.mlpBias();
        if (!fits) {
            throw new ConfigException(
                    "norms of queries and keys that are not those of Qwen3, or biases or layers without"
                            + " rotation beside them, which it has not: no class of transformers has these");
        }
        return Family.QWEN3;
    }

    @Override
    public List<String> notes(ModelConfig model) {
        exported(model);
        return List.of("transformers, vLLM, SGLang: " + architecture(family(model)));
    }

    @Override
    public void write(ModelSource model, Path directory, SaveOptions options) {
        ModelConfig config = exported(model.config());
        try (DerivedWeights weights = new DerivedWeights(model::tensor)) {
            new ModelWriter(directory, config, options).write(weights, text(config, options.dtype()));
        }
    }

    /** {@code config.json} of a model without latent layers. */
    public static String text(ModelConfig model, Dtype dtype) {
        ObjectNode json = new JsonMapper().createObjectNode();
        Family family = family(model);
        putDecoder(json, model, dtype, architecture(family), family.modelType());
        putAttention(json, model);
        UnrotatedLayers.write(json, model);
        if (family == Family.SMOLLM3) {
            json.putNull("pad_token_id"); // its class takes 128004 otherwise, and refuses smaller vocabularies
        }
        return json.toPrettyString() + "\n";
    }

    private static String architecture(Family family) {
        return switch (family) {
            case QWEN2 -> "Qwen2ForCausalLM";
            case QWEN3 -> "Qwen3ForCausalLM";
            case SMOLLM3 -> "SmolLM3ForCausalLM";
            default -> "LlamaForCausalLM";
        };
    }

    /** The keys of Llama that say nothing of attention. */
    public static void putDecoder(
            ObjectNode json, ModelConfig model, Dtype dtype, String architecture, String modelType) {
        json.putArray("architectures").add(architecture);
        json.put("model_type", modelType);
        json.put("hidden_size", model.hiddenSize());
        json.put("intermediate_size", model.intermediateSize());
        json.put("num_hidden_layers", model.numLayers());
        json.put("vocab_size", model.vocabSize());
        json.put("max_position_embeddings", model.maxPositionEmbeddings());
        json.put("rms_norm_eps", model.rmsNormEps());
        json.put("rope_theta", model.ropeTheta());
        json.put("tie_word_embeddings", model.tieWordEmbeddings());
        json.put("hidden_act", "silu");
        json.put("attention_bias", model.attention().stream().anyMatch(l -> l.biases() == AttentionConfig.Biases.ALL));
        json.put("mlp_bias", model.mlpBias());
        putTokenIds(json, model);
        json.put("torch_dtype", dtype.torchName());
    }

    /** Which tokens begin and end a text: null, one, or a list. */
    public static void putTokenIds(ObjectNode json, ModelConfig model) {
        if (model.bosTokenId() < 0) {
            json.putNull("bos_token_id");
        } else {
            json.put("bos_token_id", model.bosTokenId());
        }
        List<Integer> eos = model.eosTokenIds();
        switch (eos.size()) {
            case 0 -> json.putNull("eos_token_id");
            case 1 -> json.put("eos_token_id", eos.get(0));
            default -> eos.forEach(json.putArray("eos_token_id")::add);
        }
    }

    /**
     * The keys of the grouped-query layers of {@code model}, of which there is one at least, low rank or not; apart
     * from which of them are rotated.
     *
     * @throws ConfigException where they differ
     */
    public static void putAttention(ObjectNode json, ModelConfig model) {
        List<AttentionConfig.Gqa> layers = model.groupedLayers();
        AttentionConfig.Gqa first = layers.stream()
                .filter(AttentionConfig::isRotated)
                .findFirst()
                .orElseGet(() -> layers.get(0).withRopeScaling(RopeScaling.NONE));
        if (layers.stream()
                .map(layer -> layer.isRotated() ? layer : layer.withRopeScaling(first.ropeScaling()))
                .anyMatch(layer -> !layer.equals(first))) {
            throw new ConfigException("layers of grouped-query attention differ: config.json has one shape for all");
        }
        json.put("num_attention_heads", first.numHeads());
        json.put("num_key_value_heads", first.numKvHeads());
        json.put("head_dim", first.headDim());
        RopeJson.write(json, "rope_scaling", first.ropeScaling());
    }
}
