package org.xecomla.formats.llama;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.DecoderJson;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.ModelFormat;
import org.xecomla.formats.checkpoint.ModelJson;

/** Reads {@code model_type} llama. {@link LlamaWriter} is the inverse. */
public final class LlamaReader implements ModelFormat {
    public static final String MODEL_TYPE = "llama";

    @Override
    public List<String> modelTypes() {
        return List.of(MODEL_TYPE);
    }

    @Override
    public boolean recognises(Headers headers) {
        return headers.modelType().equals(MODEL_TYPE) && !headers.hasLatent();
    }

    @Override
    public ModelConfig config(Headers headers) {
        DecoderJson decoder = new DecoderJson(headers.json());
        return decoder.model(headers.layers(decoder::gqa, (tensors, layer) -> {
            throw new IllegalArgumentException("layer " + layer + " is latent");
        }));
    }

    /**
     * Reads the shape of a model whose weights are elsewhere: all that estimates and parity tables need.
     *
     * @param path config.json
     * @throws ConfigException where it is no Llama's, a key is missing, or says something that is not supported
     */
    public static ModelConfig shape(Path path) {
        ModelJson json = ModelJson.read(path);
        if (!new Headers(path.getParent(), json, Map.of()).modelType().equals(MODEL_TYPE)) {
            throw new ConfigException(json.where() + ": without weights only model_type llama can be read, not "
                    + json.json().path("model_type"));
        }
        DecoderJson decoder = new DecoderJson(json);
        return decoder.model(Collections.nCopies(json.integer("num_hidden_layers"), decoder.gqa()));
    }
}
