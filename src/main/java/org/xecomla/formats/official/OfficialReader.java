package org.xecomla.formats.official;

import java.util.List;
import java.util.Map;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.LatentJson;
import org.xecomla.formats.checkpoint.ModelFormat;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.StoredWeight;
import org.xecomla.formats.checkpoint.WeightFiles;

/** Reads the official code's directory, by its second file of configuration. {@link OfficialWriter} is the inverse. */
public final class OfficialReader implements ModelFormat {
    @Override
    public List<String> modelTypes() {
        return List.of();
    }

    @Override
    public boolean recognises(Headers headers) {
        return DataFiles.exists(OfficialConfig.layerConfig(headers.directory()));
    }

    @Override
    public Map<String, StoredWeight> parameters(ModelJson json, WeightFiles stored) {
        return stored.renamed(OfficialNames::parameter).tensors();
    }

    @Override
    public ModelConfig config(Headers headers) {
        DecoderJson decoder = new DecoderJson(headers.json());
        decoder.requireNoBiases();
        ModelJson layers = OfficialConfig.layers(headers.directory());
        if (layers.flag("attention_bias", false)) {
            throw layers.unsupported("attention_bias", "projections have no biases here");
        }
        if (layers.number("rope_theta") != decoder.rope().theta()) {
            throw layers.unsupported(
                    "rope_theta", "latent layers have the " + decoder.rope().theta() + " of config.json here");
        }
        LatentJson latent = new LatentJson(layers);
        RopeScaling rope = OfficialConfig.rope(layers);
        return decoder.model(
                headers.layers(
                        tensors -> decoder.gqa(Biases.NONE, null),
                        (tensors, layer) -> latent.layer(
                                tensors, layers, rope, latent.deepseekScale(layers.object("rope_scaling"), rope))),
                false);
    }
}
