package org.xecomla.formats.xecomla;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.LatentJson;
import org.xecomla.formats.checkpoint.LayerTensors;
import org.xecomla.formats.checkpoint.ModelFormat;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.RopeJson;
import org.xecomla.formats.checkpoint.UnrotatedLayers;

/**
 * Reads {@code model_type} xecomla; the golden fixtures say llama and mean the same. {@link XecomlaWriter} is the
 * inverse, and says which keys there are.
 */
public final class XecomlaReader implements ModelFormat {
    static final String MODEL_TYPE = "xecomla";

    /** One object a layer, null for those that are not latent, where they have other ropes. */
    static final String LAYER_ROPES = "layer_ropes";

    static final String PARTS = "mla_rope_parts";
    static final String FREQUENCIES = "mla_inv_freq";

    private static final String LLAMA = "llama";

    /** What YaRN takes where the configuration is silent. */
    private static final int ORIGINAL_LENGTH = 4096;

    @Override
    public List<String> modelTypes() {
        return List.of(MODEL_TYPE);
    }

    @Override
    public boolean recognises(Headers headers) {
        return headers.modelType().equals(MODEL_TYPE) || (headers.modelType().equals(LLAMA) && headers.hasLatent());
    }

    @Override
    public ModelConfig config(Headers headers) {
        ModelJson json = headers.json();
        DecoderJson decoder = new DecoderJson(json);
        LatentJson latent = new LatentJson(json);
        UnrotatedLayers unrotated = UnrotatedLayers.read(json, 0);
        Function<LayerTensors, AttentionConfig.Gqa> full =
                tensors -> unrotated.applied(decoder.gqa(tensors), tensors.layer());
        List<AttentionConfig> layers = headers.layers(full, (tensors, layer) -> {
            ModelJson ranks = json.has(Headers.LAYER_RANKS) ? json.element(Headers.LAYER_RANKS, layer) : json;
            ModelJson rope = json.has(LAYER_ROPES) ? json.element(LAYER_ROPES, layer) : json;
            int ropeDim = rope.integer("qk_rope_head_dim");
            double scale = rope.number("mla_scale", latent.plainScale(ropeDim));
            RopeScaling scaling = unrotated.contains(layer) ? RopeScaling.UNROTATED : rope(rope, ropeDim);
            return latent.layer(tensors, ranks, ropeDim, scaling, scale);
        });
        return decoder.model(layers, json.flag("mlp_bias", false));
    }

    private static RopeScaling rope(ModelJson json, int ropeDim) {
        if (!json.has(FREQUENCIES)) {
            return RopeJson.read(json.object("mla_rope_scaling"), ORIGINAL_LENGTH);
        }
        List<Double> frequencies = new ArrayList<>();
        for (JsonNode value : json.json().get(FREQUENCIES)) {
            frequencies.add(value.asDouble(-1));
        }
        if (frequencies.size() != ropeDim / 2
                || frequencies.stream().anyMatch(f -> !(f > 0 && f < Double.POSITIVE_INFINITY))) {
            throw new ConfigException(json.where() + ": " + FREQUENCIES + " must be a list of " + ropeDim / 2
                    + " positive frequencies, half of qk_rope_head_dim");
        }
        return new RopeScaling.Explicit(frequencies, json.integer(PARTS, 1));
    }
}
