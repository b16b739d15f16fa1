package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

/**
 * Which layers have no rotary embedding, by SmolLM3's key {@code no_rope_layers}: one number a layer, 1 where queries
 * and keys are rotated and 0 where they are not.
 *
 * @param rotated one entry a layer; empty: all layers are rotated
 */
public record UnrotatedLayers(List<Boolean> rotated) {
    private static final String KEY = "no_rope_layers";

    public UnrotatedLayers {
        rotated = List.copyOf(rotated);
    }

    /**
     * Reads the key.
     *
     * @param interval where the key is absent, every so manieth layer is not rotated; 0: all are rotated
     * @throws ConfigException where the list is shorter than the layers, or says something else than 0 and 1
     */
    public static UnrotatedLayers read(ModelJson json, int interval) {
        int numLayers = json.integer("num_hidden_layers");
        if (!json.has(KEY)) {
            List<Boolean> every = IntStream.range(0, interval == 0 ? 0 : numLayers)
                    .mapToObj(layer -> (layer + 1) % interval != 0)
                    .toList();
            return new UnrotatedLayers(every);
        }
        List<Integer> list = json.integers(KEY);
        if (list.size() < numLayers || list.stream().anyMatch(entry -> entry != 0 && entry != 1)) {
            throw json.unsupported(KEY, "1 or 0 for each of the " + numLayers + " layers is");
        }
        return new UnrotatedLayers(list.stream().map(entry -> entry == 1).toList());
    }

    /** Writes the key of a model that has such layers. */
    public static void write(ObjectNode json, ModelConfig model) {
        if (model.attention().stream().allMatch(AttentionConfig::isRotated)) {
            return;
        }
        ArrayNode list = json.putArray(KEY);
        model.attention().forEach(layer -> list.add(layer.isRotated() ? 1 : 0));
    }

    public boolean contains(int layer) {
        return layer < rotated.size() && !rotated.get(layer);
    }

    /** {@code layer} as its place among the layers has it. */
    public AttentionConfig.Gqa applied(AttentionConfig.Gqa attention, int layer) {
        return contains(layer) ? attention.withRopeScaling(RopeScaling.UNROTATED) : attention;
    }
}
