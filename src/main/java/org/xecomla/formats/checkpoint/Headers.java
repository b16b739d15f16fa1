package org.xecomla.formats.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.errors.ConfigException;

/**
 * What is known of a checkpoint before its weights are read.
 *
 * @param json config.json
 * @param shapes of the tensors, by name
 */
public record Headers(Path directory, ModelJson json, Map<String, List<Long>> shapes) {
    /** {@code model_type}; empty where it is absent. */
    public String modelType() {
        return json.text("model_type", "");
    }

    /** Whether any layer has tensors of latent attention. */
    public boolean hasLatent() {
        return shapes.keySet().stream().anyMatch(LayerTensors::isLatent);
    }

    /**
     * One entry a layer, by what its tensors are.
     *
     * @param full makes a layer of grouped-query attention from its tensors
     * @param latent makes a latent layer from its tensors and index
     */
    public List<AttentionConfig> layers(
            Function<LayerTensors, AttentionConfig.Gqa> full,
            BiFunction<LayerTensors, Integer, AttentionConfig.Mla> latent) {
        int numLayers = json.integer("num_hidden_layers");
        if (numLayers > shapes.size()) {
            throw new ConfigException(json.where() + ": num_hidden_layers is " + numLayers
                    + ", but the weights are only " + shapes.size() + " tensors");
        }
        List<AttentionConfig> layers = new ArrayList<>();
        for (int l = 0; l < numLayers; l++) {
            LayerTensors tensors = new LayerTensors(shapes, l);
            layers.add(tensors.isLatent() ? latent.apply(tensors, l) : full.apply(tensors));
        }
        return layers;
    }
}
