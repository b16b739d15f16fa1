package org.xecomla.formats.deepseek;

import java.util.List;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.LatentJson;
import org.xecomla.formats.checkpoint.ModelFormat;
import org.xecomla.formats.checkpoint.ModelJson;

/** Reads {@code model_type} deepseek_v3 where no layer has experts. {@link DeepseekWriter} is the inverse. */
public final class DeepseekReader implements ModelFormat {
    static final String MODEL_TYPE = "deepseek_v3";

    @Override
    public List<String> modelTypes() {
        return List.of("dense " + MODEL_TYPE);
    }

    @Override
    public boolean recognises(Headers headers) {
        return headers.modelType().equals(MODEL_TYPE);
    }

    @Override
    public ModelConfig config(Headers headers) {
        ModelJson json = headers.json();
        DecoderJson decoder = new DecoderJson(json);
        decoder.requireNoBiases();
        if (json.integer("first_k_dense_replace", 0) < json.integer("num_hidden_layers")
                && json.has("n_routed_experts")) {
            throw json.unsupported("n_routed_experts", "feed-forward layers with experts are not");
        }
        LatentJson latent = new LatentJson(json);
        RopeScaling rope = decoder.ropeScaling();
        return decoder.model(
                headers.layers(
                        tensors -> decoder.gqa(Biases.NONE, null),
                        (tensors, layer) -> latent.layer(
                                tensors,
                                json,
                                rope,
                                latent.deepseekScale(decoder.rope().object(), rope))),
                false);
    }

    @Override
    public boolean ropeInterleaved(Headers headers) {
        return headers.json().flag("rope_interleave", true);
    }
}
