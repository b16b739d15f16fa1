package org.xecomla.formats.llama;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.ModelFormat;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.StoredWeight;
import org.xecomla.formats.checkpoint.UnrotatedLayers;
import org.xecomla.formats.checkpoint.WeightFiles;

/** Reads Llama and the families that compute like it ({@link Family}). {@link LlamaWriter} is the inverse. */
public final class LlamaReader implements ModelFormat {
    private static final Logger LOG = LoggerFactory.getLogger(LlamaReader.class);

    @Override
    public List<String> modelTypes() {
        return Family.modelTypes();
    }

    @Override
    public boolean recognises(Headers headers) {
        return Family.of(headers.modelType()).isPresent() && !headers.hasLatent();
    }

    @Override
    public Map<String, StoredWeight> parameters(ModelJson json, WeightFiles stored) {
        return Family.of(json.text("model_type", "")).orElseThrow().parameters(json, stored.tensors());
    }

    @Override
    public ModelConfig config(Headers headers) {
        ModelJson json = headers.json();
        Family family = Family.of(headers.modelType()).orElseThrow();
        DecoderJson decoder = family.decoder(json);
        AttentionConfig.Gqa layer = decoder.gqa(family.biases(json), family.norms());
        UnrotatedLayers unrotated = family.unrotated(json);
        return model(
                decoder, family, headers.layers(tensors -> unrotated.applied(layer, tensors.layer()), (tensors, at) -> {
                    throw new IllegalArgumentException("layer " + at + " is latent");
                }));
    }

    /**
     * Reads the shape of a model whose weights are elsewhere: all that estimates and parity tables need.
     *
     * @param path config.json
     * @throws ConfigException where it is of no family here, a key is missing, or says something that is not supported
     */
    public static ModelConfig shape(Path path) {
        ModelJson json = ModelJson.read(path);
        Family family = Family.of(json.text("model_type", ""))
                .orElseThrow(() -> new ConfigException(json.where() + ": without weights only model_type "
                        + String.join(", ", Family.modelTypes()) + " can be read, not "
                        + json.json().path("model_type")));
        DecoderJson decoder = family.decoder(json);
        AttentionConfig.Gqa layer = decoder.gqa(family.biases(json), family.norms());
        UnrotatedLayers unrotated = family.unrotated(json);
        List<AttentionConfig> layers = IntStream.range(0, json.integer("num_hidden_layers"))
                .mapToObj(at -> (AttentionConfig) unrotated.applied(layer, at))
                .toList();
        return model(decoder, family, layers);
    }

    /**
     * The model; where its queries see a window only, for texts no longer than that: there a window is no different
     * from looking at everything.
     */
    private static ModelConfig model(DecoderJson decoder, Family family, List<AttentionConfig> layers) {
        ModelJson json = decoder.json();
        ModelConfig model = decoder.model(layers, family.mlpBias(json));
        OptionalInt window = family.window(json);
        if (window.isEmpty() || window.getAsInt() >= model.maxPositionEmbeddings()) {
            return model;
        }
        LOG.warn(
                "{}: attention looks back {} tokens, and is computed without a window here: the longest sequence is"
                        + " that, not max_position_embeddings {}",
                json.where(),
                window.getAsInt(),
                model.maxPositionEmbeddings());
        return json.naming(() -> model.withMaxPositionEmbeddings(window.getAsInt()));
    }
}
