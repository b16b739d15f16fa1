package org.xecomla.formats;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

/**
 * Reads {@code config.json} of Llama ({@code llama}), of our students ({@code xecomla}; the golden fixtures say
 * {@code llama} and mean the same), of X-EcoMLA's official code ({@code llama} beside the files of
 * {@link OfficialLayout}) and of dense DeepSeek V3 ({@code deepseek_v3}), in old and new spelling.
 *
 * <p>What a layer is follows from its tensors, and its ranks from their shapes. {@link HfConfigWriter} is the inverse.
 */
public final class HfConfigJson {
    static final String LLAMA = "llama";
    static final String XECOMLA = "xecomla";
    static final String DEEPSEEK = "deepseek_v3";
    /** One object a layer, where latent layers differ in rank. */
    static final String LAYER_RANKS = "layer_ranks";

    /** What DeepSeek's classes take for YaRN where the configuration is silent. */
    private static final int DEEPSEEK_ORIGINAL_LENGTH = 4096;

    private final ModelJson json;
    private final ModelJson latent; // what latent layers are: json, or a file of its own in the official code's layout
    private final String modelType;
    private final Map<String, List<Long>> shapes;

    private HfConfigJson(ModelJson json, ModelJson latent, Map<String, List<Long>> shapes) {
        this.json = json;
        this.latent = latent;
        this.modelType = json.text("model_type", "");
        this.shapes = shapes;
    }

    /**
     * Reads a model's shape.
     *
     * @param path config.json
     * @param shapes of the checkpoint's tensors, by name
     * @throws ConfigException where a key is missing, or says something that is not supported
     */
    public static ModelConfig read(Path path, Map<String, List<Long>> shapes) {
        ModelJson json = ModelJson.read(path);
        try {
            Path directory = path.getParent();
            ModelJson latent = OfficialLayout.isAt(directory) ? OfficialLayout.layers(directory) : json;
            return new HfConfigJson(json, latent, shapes).model();
        } catch (ConfigException e) {
            throw e.getMessage().startsWith(json.where())
                    ? e
                    : new ConfigException(json.where() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads the shape of a grouped-query model whose weights are elsewhere: all that estimates and parity tables need.
     *
     * @param path config.json of model_type llama
     * @throws ConfigException where a key is missing, or says something that is not supported
     */
    public static ModelConfig readLlama(Path path) {
        ModelJson json = ModelJson.read(path);
        if (!json.text("model_type", "").equals(LLAMA)) {
            throw new ConfigException(json.where() + ": without weights only model_type llama can be read, not "
                    + json.json().path("model_type"));
        }
        HfConfigJson reader = new HfConfigJson(json, json, Map.of());
        reader.refuseUnsupported();
        return reader.model(Collections.nCopies(json.integer("num_hidden_layers"), reader.gqa()));
    }

    /** Whether a checkpoint's rope rows are interleaved: true but for DeepSeek's {@code rope_interleave: false}. */
    static boolean ropeInterleaved(Path path) {
        return ModelJson.read(path).flag("rope_interleave", true);
    }

    private ModelConfig model() {
        refuseUnsupported();
        int numLayers = json.integer("num_hidden_layers");
        if (numLayers > shapes.size()) {
            throw new ConfigException(json.where() + ": num_hidden_layers is " + numLayers
                    + ", but the weights are only " + shapes.size() + " tensors");
        }
        List<AttentionConfig> attention = new ArrayList<>();
        for (int l = 0; l < numLayers; l++) {
            LayerTensors tensors = new LayerTensors(shapes, l);
            attention.add(tensors.isLatent() ? mla(tensors, ranks(l)) : gqa());
        }
        return model(attention);
    }

    private ModelConfig model(List<AttentionConfig> attention) {
        return new ModelConfig(
                json.integer("hidden_size"),
                json.integer("intermediate_size"),
                json.integer("vocab_size"),
                json.integer("max_position_embeddings"),
                json.number("rms_norm_eps", 1e-6),
                ropeTheta(),
                json.flag("tie_word_embeddings", false),
                tokenId("bos_token_id"),
                tokenId("eos_token_id"),
                attention);
    }

    private double ropeTheta() {
        return json.object("rope_parameters").number("rope_theta", json.number("rope_theta", 10000));
    }

    private void refuseUnsupported() {
        if (!List.of(LLAMA, XECOMLA, DEEPSEEK).contains(modelType)) {
            throw new ConfigException(json.where() + ": model_type "
                    + json.json().path("model_type") + " is not supported: llama, xecomla and dense deepseek_v3 are");
        }
        for (String bias : List.of("attention_bias", "mlp_bias")) {
            if (json.flag(bias, false)) {
                throw json.unsupported(bias, "projections have no biases here");
            }
        }
        if (official() && latent.flag("attention_bias", false)) {
            throw latent.unsupported("attention_bias", "projections have no biases here");
        }
        if (official() && latent.number("rope_theta") != ropeTheta()) {
            throw latent.unsupported("rope_theta", "latent layers have the " + ropeTheta() + " of config.json here");
        }
        if (!json.text("hidden_act", "silu").equals("silu")) {
            throw json.unsupported("hidden_act", "only silu is");
        }
        if (json.number("partial_rotary_factor", 1) != 1) {
            throw json.unsupported("partial_rotary_factor", "whole heads are rotated");
        }
        if (json.has("quantization_config")) {
            throw json.unsupported("quantization_config", "use the checkpoint in BF16, F16 or F32");
        }
        if (modelType.equals(DEEPSEEK)
                && json.integer("first_k_dense_replace", 0) < json.integer("num_hidden_layers")
                && json.has("n_routed_experts")) {
            throw json.unsupported("n_routed_experts", "feed-forward layers with experts are not");
        }
    }

    /** Where the ranks of a layer are written, in case its tensors disagree. */
    private ModelJson ranks(int layer) {
        return json.has(LAYER_RANKS) ? json.element(LAYER_RANKS, layer) : latent;
    }

    private AttentionConfig gqa() {
        int numHeads = json.integer("num_attention_heads");
        int maxLength = json.integer("max_position_embeddings");
        return new AttentionConfig.Gqa(
                numHeads,
                json.integer("num_key_value_heads", numHeads),
                json.integer("head_dim", json.integer("hidden_size") / Math.max(numHeads, 1)),
                RopeJson.read(baseRope(), maxLength));
    }

    private ModelJson baseRope() {
        return json.has("rope_parameters") ? json.object("rope_parameters") : json.object("rope_scaling");
    }

    private AttentionConfig mla(LayerTensors tensors, ModelJson ranks) {
        int nope = latent.integer("qk_nope_head_dim");
        int rope = latent.integer("qk_rope_head_dim");
        RopeScaling scaling = latentRope(rope);
        return new AttentionConfig.Mla(
                latent.integer("num_attention_heads"),
                tensors.qLoraRank(ranks.integer("q_lora_rank", 0)),
                tensors.kvLoraRank(ranks.integer("kv_lora_rank", 0), rope),
                nope,
                rope,
                latent.integer("v_head_dim"),
                tensors.has(ParameterNames.Q_A_NORM),
                tensors.has(ParameterNames.KV_A_NORM),
                scaling,
                json.number("mla_scale", Math.pow(nope + rope, -0.5) * softmaxFactor(scaling)));
    }

    private RopeScaling latentRope(int ropeDim) {
        if (official()) {
            return OfficialLayout.rope(latent);
        }
        if (json.has("mla_inv_freq")) {
            return new RopeScaling.Explicit(frequencies(ropeDim));
        }
        return RopeJson.read(
                modelType.equals(DEEPSEEK) ? baseRope() : json.object("mla_rope_scaling"), DEEPSEEK_ORIGINAL_LENGTH);
    }

    private List<Double> frequencies(int ropeDim) {
        List<Double> frequencies = new ArrayList<>();
        for (JsonNode value : json.json().get("mla_inv_freq")) {
            frequencies.add(value.asDouble(-1));
        }
        if (frequencies.size() != ropeDim / 2 || frequencies.stream().anyMatch(f -> !(f > 0))) {
            throw new ConfigException(json.where() + ": mla_inv_freq must be a list of " + ropeDim / 2
                    + " positive frequencies, half of qk_rope_head_dim");
        }
        return frequencies;
    }

    private boolean official() {
        return latent != json;
    }

    /** DeepSeek's own class, and X-EcoMLA's code after it, let YaRN's {@code mscale_all_dim} sharpen the softmax. */
    private double softmaxFactor(RopeScaling scaling) {
        if ((modelType.equals(DEEPSEEK) || official())
                && scaling instanceof RopeScaling.Yarn yarn
                && yarn.mscaleAllDim() != 0) {
            double m = 0.1 * yarn.mscaleAllDim() * Math.log(yarn.factor()) + 1;
            return m * m;
        }
        return 1;
    }

    private int tokenId(String key) {
        JsonNode value = json.json().path(key);
        if (value.isArray() && !value.isEmpty()) {
            return value.get(0).asInt(-1);
        }
        return json.integer(key, -1);
    }
}
