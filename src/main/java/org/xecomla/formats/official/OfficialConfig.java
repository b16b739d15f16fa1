package org.xecomla.formats.official;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.ModelWriter;
import org.xecomla.formats.checkpoint.RopeJson;
import org.xecomla.formats.llama.LlamaWriter;
import org.xecomla.safetensors.Dtype;

/**
 * The directory of X-EcoMLA's official code (AMD-Hybrid-Models): latent layers are {@code mla.*} with {@code out_proj};
 * {@code config.json} stays the base's, {@value #MODEL_CONFIG} says which layers are not latent, {@value #LAYER_CONFIG}
 * what the latent ones are, with their ranks in {@code layer_rank_list}. Keys with the value of the code's class
 * default may be left out.
 */
final class OfficialConfig {
    static final String MODEL_CONFIG = "MLA_config.json";
    static final String LAYER_CONFIG = "mla_layer_config.json";

    /** The official code refuses other ranks in the two general keys, not in the list by layer. */
    private static final int RANK_DIVISOR = 8;

    private static final int YARN_ORIGINAL_LENGTH = 4096;

    private OfficialConfig() {}

    /** The file that no other format has. */
    static Path layerConfig(Path directory) {
        return new Path(directory, LAYER_CONFIG);
    }

    /** What latent layers are, defaults filled in. */
    static ModelJson layers(Path directory) {
        return ModelJson.read(layerConfig(directory)).withDefaults(defaults());
    }

    /** What the official code's class takes for keys that are left out. */
    private static ObjectNode defaults() {
        return new JsonMapper()
                .createObjectNode()
                .put("num_attention_heads", 128)
                .put("kv_lora_rank", 512)
                .put("q_lora_rank", 1536)
                .put("qk_rope_head_dim", 64)
                .put("qk_nope_head_dim", 128)
                .put("v_head_dim", 128)
                .put("rope_theta", 10000.0);
    }

    /** The rope of latent layers: the code goes by {@code rope_type}, whatever {@code rope_scaling} calls itself. */
    static RopeScaling rope(ModelJson layers) {
        if (!layers.has("rope_scaling")) {
            return RopeScaling.NONE;
        }
        ModelJson scaling = layers.object("rope_scaling");
        return switch (layers.text("rope_type", "yarn")) {
            case "yarn" -> RopeJson.yarn(scaling, YARN_ORIGINAL_LENGTH);
            case "linear" -> RopeJson.linear(scaling);
            default -> throw layers.unsupported("rope_type", "yarn and linear are");
        };
    }

    /** The three JSON files, {@code config.json} last. */
    static Map<String, String> texts(ModelConfig model, Dtype dtype) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(MODEL_CONFIG, modelConfig(model).toPrettyString() + "\n");
        texts.put(LAYER_CONFIG, layerConfig(model).toPrettyString() + "\n");
        texts.put(ModelWriter.CONFIG, LlamaWriter.text(asLlama(model), dtype));
        return texts;
    }

    private static AttentionConfig.Mla firstLatent(ModelConfig model) {
        return model.layers(AttentionConfig.Mla.class).get(0);
    }

    /** The Llama whose layers the official code replaces by latent ones. */
    private static ModelConfig asLlama(ModelConfig model) {
        AttentionConfig.Mla mla = firstLatent(model);
        AttentionConfig gqa = model.attention().stream()
                .filter(AttentionConfig.Gqa.class::isInstance)
                .findFirst()
                .orElseGet(() ->
                        new AttentionConfig.Gqa(mla.numHeads(), mla.numHeads(), mla.vHeadDim(), RopeScaling.NONE));
        return model.withAttention(model.attention().stream().map(layer -> gqa).toList());
    }

    private static ObjectNode modelConfig(ModelConfig model) {
        AttentionConfig.Gqa gqa =
                (AttentionConfig.Gqa) asLlama(model).attention().get(0);
        ObjectNode json = new JsonMapper().createObjectNode();
        json.put("d_model", model.hiddenSize());
        json.put("rms_norm_eps", model.rmsNormEps());
        json.putNull("vocab_size");
        json.put("d_inner", gqa.numHeads() * gqa.headDim());
        json.put("d_xb", gqa.numKvHeads() * gqa.headDim());
        json.put("intermediate_size", model.intermediateSize());
        json.put("hidden_act", "silu");
        json.put("n_layer", model.numLayers());
        ArrayNode attention = json.putArray("attn_layers");
        for (int l = 0; l < model.numLayers(); l++) {
            if (model.attention().get(l) instanceof AttentionConfig.Gqa) {
                attention.add(l);
            }
        }
        return json;
    }

    private static ObjectNode layerConfig(ModelConfig model) {
        AttentionConfig.Mla mla = firstLatent(model);
        AttentionConfig.Gqa gqa =
                (AttentionConfig.Gqa) asLlama(model).attention().get(0);
        ObjectNode json = new JsonMapper().createObjectNode();
        json.put("model_type", "deepseek_v3");
        json.put("hidden_size", model.hiddenSize());
        json.put("intermediate_size", model.intermediateSize());
        json.put("num_attention_heads", mla.numHeads());
        json.put("llama_num_key_value_heads", gqa.numKvHeads());
        json.put("mla_num_key_value_heads", mla.numHeads());
        json.put("max_position_embeddings", model.maxPositionEmbeddings());
        json.put("qk_nope_head_dim", mla.qkNopeHeadDim());
        json.put("qk_rope_head_dim", mla.qkRopeHeadDim());
        json.put("v_head_dim", mla.vHeadDim());
        json.put("use_lora_layer_norm", mla.kvNorm());
        json.put("use_fixed_rank_for_first_and_last_block", true);
        json.putNull("q_energy_ratio");
        json.putNull("kv_energy_ratio");
        json.put("attention_bias", false);
        json.put("rope_theta", model.ropeTheta());
        json.put("rope_type", mla.ropeScaling() instanceof RopeScaling.Linear ? "linear" : "yarn");
        RopeJson.write(json, "rope_scaling", mla.ropeScaling());
        putRanks(json, model.attention());
        return json;
    }

    private static void putRanks(ObjectNode json, List<AttentionConfig> layers) {
        ObjectNode ranks = new JsonMapper().createObjectNode();
        int largestQ = 0;
        int largestKv = 0;
        for (int l = 0; l < layers.size(); l++) {
            if (layers.get(l) instanceof AttentionConfig.Mla mla) {
                ranks.putObject(Integer.toString(l))
                        .put("q_rank", mla.qLoraRank())
                        .put("kv_rank", mla.kvLoraRank());
                largestQ = Math.max(largestQ, mla.qLoraRank());
                largestKv = Math.max(largestKv, mla.kvLoraRank());
            }
        }
        json.put("q_lora_rank", (largestQ + RANK_DIVISOR - 1) / RANK_DIVISOR * RANK_DIVISOR);
        json.put("kv_lora_rank", (largestKv + RANK_DIVISOR - 1) / RANK_DIVISOR * RANK_DIVISOR);
        json.set("layer_rank_list", ranks);
    }
}
