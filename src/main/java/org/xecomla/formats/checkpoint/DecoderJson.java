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
 * @param defaults what keys mean that are left out
 */
public record DecoderJson(ModelJson json, Defaults defaults) {
    /**
     * What a class of transformers takes where {@code config.json} leaves a key out, as it does where the value is
     * this.
     *
     * @param theta of {@code rope_theta}
     * @param tied of {@code tie_word_embeddings}
     * @param epsilon of {@code rms_norm_eps}
     */
    public record Defaults(double theta, boolean tied, double epsilon) {
        public static final Defaults LLAMA = new Defaults(10_000, false, 1e-6);
    }

    /** With Llama's defaults. */
    public DecoderJson(ModelJson json) {
        this(json, Defaults.LLAMA);
    }

    /** @throws org.xecomla.errors.ConfigException where a key says something that no family here computes */
    public DecoderJson {
        if (!json.text("hidden_act", "silu").equals("silu")) {
            throw json.unsupported("hidden_act", "only silu is");
        }
        if (json.has("quantization_config")) {
            throw json.unsupported("quantization_config", "use the checkpoint in BF16, F16 or F32");
        }
    }

    /**
     * The model of these layers.
     *
     * @param mlpBias whether the feed-forward layers have biases
     */
    public ModelConfig model(List<AttentionConfig> attention, boolean mlpBias) {
        int hiddenSize = json.integer("hidden_size");
        int intermediateSize = json.integer("intermediate_size");
        int vocabSize = json.integer("vocab_size");
        int maxLength = json.integer("max_position_embeddings");
        double epsilon = epsilon();
        double theta = rope().theta();
        boolean tied = json.flag("tie_word_embeddings", defaults.tied);
        int bos = json.integer("bos_token_id", -1);
        List<Integer> eos =
                json.integers("eos_token_id").stream().filter(id -> id >= 0).toList(); // some write -1 for none
        return json.naming(() -> new ModelConfig(
                hiddenSize,
                intermediateSize,
                vocabSize,
                maxLength,
                epsilon,
                theta,
                tied,
                mlpBias,
                bos,
                eos,
                attention));
    }

    /**
     * Its layers of grouped-query attention.
     *
     * @param norms of queries and keys; null: none
     */
    public AttentionConfig.Gqa gqa(AttentionConfig.Biases biases, AttentionConfig.NormScope norms) {
        int numHeads = json.integer("num_attention_heads");
        int numKvHeads = json.integer("num_key_value_heads", numHeads);
        int headDim = headDim();
        RopeScaling rope = ropeScaling();
        return json.naming(() -> new AttentionConfig.Gqa(
                numHeads,
                numKvHeads,
                headDim,
                rope,
                biases,
                norms == null ? null : new AttentionConfig.HeadNorm(norms, epsilon())));
    }

    /** A layer of grouped-query attention as its tensors say it is. */
    public AttentionConfig.Gqa gqa(LayerTensors tensors) {
        return gqa(tensors.biases(), tensors.norms(headDim()));
    }

    private int headDim() {
        int numHeads = json.integer("num_attention_heads");
        int hiddenSize = json.integer("hidden_size");
        if (!json.has("head_dim") && (numHeads < 1 || hiddenSize % numHeads != 0)) {
            throw new ConfigException(json.where() + ": hidden_size " + hiddenSize
                    + " is no multiple of num_attention_heads " + numHeads + ", and there is no head_dim");
        }
        return json.has("head_dim") ? json.integer("head_dim") : hiddenSize / numHeads;
    }

    /**
     * Refuses biases in a format that has none.
     *
     * @throws ConfigException naming the key
     */
    public void requireNoBiases() {
        for (String bias : List.of("attention_bias", "mlp_bias")) {
            if (json.flag(bias, false)) {
                throw json.unsupported(bias, "projections have no biases in this format");
            }
        }
    }

    /** Of the norms. */
    double epsilon() {
        return json.number("rms_norm_eps", defaults.epsilon);
    }

    /** Where its rope is written. */
    public RopeKeys rope() {
        return RopeKeys.of(json, defaults.theta);
    }

    /** How the frequencies of its rope are scaled. */
    public RopeScaling ropeScaling() {
        RopeKeys rope = rope();
        return RopeJson.read(rope.object(), rope.originalLength());
    }
}
