package org.xecomla.formats.checkpoint;

import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

/**
 * The keys of {@code config.json} that every family has, in old and new spelling.
 *
 * @param json config.json
 */
public record DecoderJson(ModelJson json) {
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
        double theta = rope().theta();
        boolean tied = json.flag("tie_word_embeddings", false);
        int bos = json.integer("bos_token_id", -1);
        List<Integer> eos =
                json.integers("eos_token_id").stream().filter(id -> id >= 0).toList(); // some write -1 for none
        return json.naming(() -> new ModelConfig(
                hiddenSize, intermediateSize, vocabSize, maxLength, epsilon, theta, tied, bos, eos, attention));
    }

    /** Its layers of grouped-query attention. */
    public AttentionConfig.Gqa gqa() {
        int numHeads = json.integer("num_attention_heads");
        int numKvHeads = json.integer("num_key_value_heads", numHeads);
        int hiddenSize = json.integer("hidden_size");
        if (!json.has("head_dim") && (numHeads < 1 || hiddenSize % numHeads != 0)) {
            throw new ConfigException(json.where() + ": hidden_size " + hiddenSize
                    + " is no multiple of num_attention_heads " + numHeads + ", and there is no head_dim");
        }
        int headDim = json.has("head_dim") ? json.integer("head_dim") : hiddenSize / numHeads;
        RopeScaling rope = ropeScaling();
        return json.naming(() -> new AttentionConfig.Gqa(numHeads, numKvHeads, headDim, rope));
    }

    /** Where its rope is written. */
    public RopeKeys rope() {
        return RopeKeys.of(json);
    }

    /** How the frequencies of its rope are scaled. */
    public RopeScaling ropeScaling() {
        RopeKeys rope = rope();
        return RopeJson.read(rope.object(), rope.originalLength());
    }
}
