package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;

/**
 * The keys of {@code config.json} that every family has, in old and new spelling.
 *
 * @param json config.json
 */
public record DecoderJson(ModelJson json) {
    private static final double DEFAULT_THETA = 10000;

    /** @throws org.xecomla.errors.ConfigException where a key says something that no family here computes */
    public DecoderJson {
        for (String bias : List.of("attention_bias", "mlp_bias")) {
            if (json.flag(bias, false)) {
                throw json.unsupported(bias, "projections have no biases here");
            }
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
    }

    /** The model of these layers. */
    public ModelConfig model(List<AttentionConfig> attention) {
        int hiddenSize = json.integer("hidden_size");
        int intermediateSize = json.integer("intermediate_size");
        int vocabSize = json.integer("vocab_size");
        int maxLength = json.integer("max_position_embeddings");
        double epsilon = json.number("rms_norm_eps", 1e-6);
        double theta = ropeTheta();
        boolean tied = json.flag("tie_word_embeddings", false);
        int bos = tokenId("bos_token_id");
        int eos = tokenId("eos_token_id");
        return json.naming(() -> new ModelConfig(
                hiddenSize, intermediateSize, vocabSize, maxLength, epsilon, theta, tied, bos, eos, attention));
    }

    /** Its layers of grouped-query attention. */
    public AttentionConfig.Gqa gqa() {
        int numHeads = json.integer("num_attention_heads");
        int numKvHeads = json.integer("num_key_value_heads", numHeads);
        int headDim = json.integer("head_dim", json.integer("hidden_size") / Math.max(numHeads, 1));
        RopeScaling rope = RopeJson.read(rope(), json.integer("max_position_embeddings"));
        return json.naming(() -> new AttentionConfig.Gqa(numHeads, numKvHeads, headDim, rope));
    }

    public double ropeTheta() {
        return json.object("rope_parameters").number("rope_theta", json.number("rope_theta", DEFAULT_THETA));
    }

    /** What is said about the scaling of the rope. */
    public ModelJson rope() {
        return json.has("rope_parameters") ? json.object("rope_parameters") : json.object("rope_scaling");
    }

    private int tokenId(String key) {
        JsonNode value = json.json().path(key);
        if (value.isArray() && !value.isEmpty()) {
            return value.get(0).asInt(-1);
        }
        return json.integer(key, -1);
    }
}
