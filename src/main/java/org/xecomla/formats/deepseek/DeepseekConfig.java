package org.xecomla.formats.deepseek;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.formats.checkpoint.RopeJson;
import org.xecomla.formats.llama.LlamaWriter;
import org.xecomla.safetensors.Dtype;

/**
 * Writes the {@code config.json} of a dense DeepSeek V3. Keys of its experts, which no layer has, are there because
 * servers compute with them.
 */
final class DeepseekConfig {
    private DeepseekConfig() {}

    static String text(ModelConfig model, Dtype dtype) {
        ObjectNode json = new JsonMapper().createObjectNode();
        json.putArray("architectures").add("DeepseekV3ForCausalLM");
        json.put("model_type", DeepseekReader.MODEL_TYPE);
        putShape(json, model);
        putAttention(json, (AttentionConfig.Mla) model.attention().get(0), model);
        putNoExperts(json, model);
        LlamaWriter.putTokenIds(json, model);
        json.put("torch_dtype", dtype.torchName());
        return json.toPrettyString() + "\n";
    }

    private static void putShape(ObjectNode json, ModelConfig model) {
        json.put("hidden_size", model.hiddenSize());
        json.put("intermediate_size", model.intermediateSize());
        json.put("num_hidden_layers", model.numLayers());
        json.put("vocab_size", model.vocabSize());
        json.put("max_position_embeddings", model.maxPositionEmbeddings());
        json.put("rms_norm_eps", model.rmsNormEps());
        json.put("tie_word_embeddings", model.tieWordEmbeddings());
        json.put("hidden_act", "silu");
    }

    private static void putAttention(ObjectNode json, AttentionConfig.Mla mla, ModelConfig model) {
        json.put("num_attention_heads", mla.numHeads());
        json.put("num_key_value_heads", mla.numHeads());
        if (mla.qLoraRank() == 0) {
            json.putNull("q_lora_rank");
        } else {
            json.put("q_lora_rank", mla.qLoraRank());
        }
        json.put("kv_lora_rank", mla.kvLoraRank());
        json.put("qk_nope_head_dim", mla.qkNopeHeadDim());
        json.put("qk_rope_head_dim", mla.qkRopeHeadDim());
        json.put("v_head_dim", mla.vHeadDim());
        json.put("head_dim", mla.qkRopeHeadDim());
        json.put("attention_bias", false);
        json.put("rope_interleave", true);
        json.put("rope_theta", model.ropeTheta());
        RopeJson.write(json, "rope_scaling", mla.ropeScaling());
    }

    private static void putNoExperts(ObjectNode json, ModelConfig model) {
        json.put("first_k_dense_replace", model.numLayers());
        json.put("moe_layer_freq", 1);
        json.put("moe_intermediate_size", model.intermediateSize());
        json.put("n_routed_experts", 1);
        json.put("n_shared_experts", 1);
        json.put("num_experts_per_tok", 1);
        json.put("n_group", 1);
        json.put("topk_group", 1);
        json.put("norm_topk_prob", true);
        json.put("scoring_func", "sigmoid");
        json.put("topk_method", "noaux_tc");
        json.put("routed_scaling_factor", 1.0);
        json.put("num_nextn_predict_layers", 0);
    }
}
