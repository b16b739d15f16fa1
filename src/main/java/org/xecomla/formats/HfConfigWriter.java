package org.xecomla.formats;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.ToIntFunction;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.safetensors.Dtype;

/**
 * Writes {@code config.json}: that of a Llama where every layer is grouped-query attention, ours where any is latent.
 * Old spelling, which every version of transformers reads.
 *
 * <p>Ours has Llama's keys, and: {@code layer_types} (full_attention or latent_attention), DeepSeek's
 * {@code q_lora_rank}, {@code kv_lora_rank}, {@code qk_nope_head_dim}, {@code qk_rope_head_dim} and {@code v_head_dim};
 * {@code layer_ranks}, one object a layer, where ranks differ (the plain keys then hold the largest);
 * {@code mla_rope_scaling} or {@code mla_inv_freq}, the rope of latent layers beside {@code rope_scaling} of the
 * others; {@code mla_scale}, the factor on the scores before the softmax.
 */
final class HfConfigWriter {
    private final ModelConfig model;
    private final ObjectNode json = new JsonMapper().createObjectNode();
    private final List<AttentionConfig.Gqa> gqa;
    private final List<AttentionConfig.Mla> mla;

    private HfConfigWriter(ModelConfig model) {
        this.model = model;
        this.gqa = layers(AttentionConfig.Gqa.class);
        this.mla = layers(AttentionConfig.Mla.class);
    }

    /** @throws ConfigException where layers of one kind differ in more than their ranks and norms */
    static String text(ModelConfig model, Dtype dtype) {
        HfConfigWriter writer = new HfConfigWriter(model);
        writer.common(dtype);
        writer.fullAttention();
        if (!writer.mla.isEmpty()) {
            writer.latentAttention();
        }
        try {
            JsonMapper mapper = JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();
            return mapper.writeValueAsString(writer.json) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of strings and numbers is always JSON", e);
        }
    }

    private <T extends AttentionConfig> List<T> layers(Class<T> kind) {
        return model.attention().stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    private void common(Dtype dtype) {
        json.putArray("architectures").add(mla.isEmpty() ? "LlamaForCausalLM" : "XecomlaForCausalLM");
        json.put("model_type", mla.isEmpty() ? HfConfigJson.LLAMA : HfConfigJson.XECOMLA);
        json.put("hidden_size", model.hiddenSize());
        json.put("intermediate_size", model.intermediateSize());
        json.put("num_hidden_layers", model.numLayers());
        json.put("vocab_size", model.vocabSize());
        json.put("max_position_embeddings", model.maxPositionEmbeddings());
        json.put("rms_norm_eps", model.rmsNormEps());
        json.put("rope_theta", model.ropeTheta());
        json.put("tie_word_embeddings", model.tieWordEmbeddings());
        json.put("hidden_act", "silu");
        json.put("attention_bias", false);
        json.put("mlp_bias", false);
        tokenId("bos_token_id", model.bosTokenId());
        tokenId("eos_token_id", model.eosTokenId());
        json.put("torch_dtype", dtype.torchName());
    }

    private void tokenId(String key, int id) {
        if (id < 0) {
            json.putNull(key);
        } else {
            json.put(key, id);
        }
    }

    private void fullAttention() {
        if (gqa.isEmpty()) {
            json.put("num_attention_heads", mla.get(0).numHeads());
            json.put("num_key_value_heads", mla.get(0).numHeads());
            json.putNull("rope_scaling");
            return;
        }
        AttentionConfig.Gqa first = gqa.get(0);
        if (gqa.stream().anyMatch(layer -> !layer.equals(first))) {
            throw new ConfigException("layers of grouped-query attention differ: config.json has one shape for all");
        }
        json.put("num_attention_heads", first.numHeads());
        json.put("num_key_value_heads", first.numKvHeads());
        json.put("head_dim", first.headDim());
        RopeJson.write(json, "rope_scaling", first.ropeScaling());
    }

    private void latentAttention() {
        AttentionConfig.Mla first = mla.get(0);
        boolean alike = mla.stream().allMatch(layer -> sameButRanks(layer, first));
        if (!alike || !gqa.isEmpty() && gqa.get(0).numHeads() != first.numHeads()) {
            throw new ConfigException("layers of latent attention differ in more than their ranks: config.json has one"
                    + " number of heads, head dimensions, rope and softmax scale for all");
        }
        ArrayNode types = json.putArray("layer_types");
        model.attention()
                .forEach(layer ->
                        types.add(layer instanceof AttentionConfig.Mla ? "latent_attention" : "full_attention"));
        ranks();
        json.put("qk_nope_head_dim", first.qkNopeHeadDim());
        json.put("qk_rope_head_dim", first.qkRopeHeadDim());
        json.put("v_head_dim", first.vHeadDim());
        json.put("mla_scale", first.softmaxScale());
        if (first.ropeScaling() instanceof RopeScaling.Explicit explicit) {
            explicit.inverseFrequencies().forEach(json.putArray("mla_inv_freq")::add);
        } else {
            RopeJson.write(json, "mla_rope_scaling", first.ropeScaling());
        }
    }

    private static boolean sameButRanks(AttentionConfig.Mla a, AttentionConfig.Mla b) {
        return a.numHeads() == b.numHeads()
                && a.qkNopeHeadDim() == b.qkNopeHeadDim()
                && a.qkRopeHeadDim() == b.qkRopeHeadDim()
                && a.vHeadDim() == b.vHeadDim()
                && a.softmaxScale() == b.softmaxScale()
                && a.ropeScaling().equals(b.ropeScaling());
    }

    private void ranks() {
        putRank(json, "q_lora_rank", largest(AttentionConfig.Mla::qLoraRank));
        putRank(json, "kv_lora_rank", largest(AttentionConfig.Mla::kvLoraRank));
        boolean same = mla.stream()
                .allMatch(layer -> layer.qLoraRank() == mla.get(0).qLoraRank()
                        && layer.kvLoraRank() == mla.get(0).kvLoraRank());
        if (same) {
            return;
        }
        ArrayNode perLayer = json.putArray(HfConfigJson.LAYER_RANKS);
        for (AttentionConfig layer : model.attention()) {
            if (layer instanceof AttentionConfig.Mla latent) {
                ObjectNode ranks = perLayer.addObject();
                putRank(ranks, "q_lora_rank", latent.qLoraRank());
                putRank(ranks, "kv_lora_rank", latent.kvLoraRank());
            } else {
                perLayer.addNull();
            }
        }
    }

    private int largest(ToIntFunction<AttentionConfig.Mla> rank) {
        return mla.stream().mapToInt(rank).max().orElse(0);
    }

    private static void putRank(ObjectNode target, String key, int rank) {
        if (rank == 0) {
            target.putNull(key);
        } else {
            target.put(key, rank);
        }
    }
}
