package org.xecomla.formats.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.ConfigException;

/**
 * What is known of a checkpoint before its weights are read.
 *
 * @param json config.json
 * @param shapes of the tensors, by name
 */
public record Headers(Path directory, ModelJson json, Map<String, List<Long>> shapes) {
    /** One object a layer, where latent layers differ in rank. */
    public static final String LAYER_RANKS = "layer_ranks";

    /** Elements of the latent that keys come through, where these are products. */
    public static final String KEY_RANK = "k_lora_rank";

    /** The same of values. */
    public static final String VALUE_RANK = "v_lora_rank";

    /** {@code model_type}; empty where it is absent. */
    public String modelType() {
        return json.text("model_type", "");
    }

    /** Whether any layer has tensors of latent attention, or of keys and values that are products. */
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
            layers.add(
                    tensors.isLatent()
                            ? latent.apply(tensors, l)
                            : tensors.isLowRank() ? lowRank(tensors, l, full.apply(tensors)) : full.apply(tensors));
        }
        return layers;
    }

    private AttentionConfig lowRank(LayerTensors tensors, int layer, AttentionConfig.Gqa full) {
        ModelJson ranks = json.has(LAYER_RANKS) ? json.element(LAYER_RANKS, layer) : json;
        int keyRank = tensors.rank(ParameterNames.K_A_PROJ, ParameterNames.K_B_PROJ, ranks.integer(KEY_RANK, 0));
        int valueRank = tensors.rank(ParameterNames.V_A_PROJ, ParameterNames.V_B_PROJ, ranks.integer(VALUE_RANK, 0));
        return json.naming(() -> new AttentionConfig.LowRankGqa(full, keyRank, valueRank));
    }
}
