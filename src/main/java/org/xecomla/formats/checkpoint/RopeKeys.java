package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xecomla.errors.ConfigException;

/**
 * Where a configuration says what its rope is, by the rules of transformers 5.18 ({@code modeling_rope_utils}): the
 * object {@code rope_scaling} where it has keys, else {@code rope_parameters}; {@code rope_theta} of that object, else
 * the one beside it; the original length beside it, else in it, else the maximum. {@code rope_parameters} may hold one
 * object a kind of layer. Where two places say different things, nobody knows which was meant: that is an error here.
 *
 * @param object the scaling's keys; without any where the rope is plain
 * @param theta base of the frequencies
 * @param originalLength of llama3 and YaRN
 */
public record RopeKeys(ModelJson object, double theta, int originalLength) {
    private static final String SCALING = "rope_scaling";
    private static final String PARAMETERS = "rope_parameters";
    private static final String THETA = "rope_theta";
    private static final String ORIGINAL = "original_max_position_embeddings";

    /**
     * @param defaultTheta where no place says another
     * @throws ConfigException where keys contradict each other
     */
    public static RopeKeys of(ModelJson config, double defaultTheta) {
        List<ModelJson> objects = new ArrayList<>();
        for (String key : List.of(SCALING, PARAMETERS)) {
            ModelJson object = flat(config, key);
            if (!object.json().isEmpty()) {
                objects.add(object);
            }
        }
        ModelJson chosen = objects.isEmpty() ? config.object(SCALING) : objects.get(0);
        List<ModelJson> places = new ArrayList<>(objects);
        places.add(config);
        double theta = agreed(places, THETA, defaultTheta);
        double original = agreed(places, ORIGINAL, config.integer("max_position_embeddings"));
        requireWhole(places);
        objects.forEach(RopeKeys::requireOneType);
        if (objects.size() == 2) {
            requireSame(objects.get(0), objects.get(1));
        }
        if (!(theta > 0) || Double.isInfinite(theta)) {
            throw new ConfigException(config.where() + ": rope_theta is " + theta + ", not a positive number");
        }
        return new RopeKeys(chosen, theta, (int) original);
    }

    /** The object under {@code key}; where it holds one a kind of layer, the one that all of them are. */
    private static ModelJson flat(ModelJson config, String key) {
        ModelJson object = config.object(key);
        List<String> kinds = new ArrayList<>();
        config.json().path("layer_types").forEach(kind -> kinds.add(kind.asText()));
        List<String> nested = kinds.stream().distinct().filter(object::has).toList();
        if (nested.isEmpty()) {
            requireFlat(object);
            return object;
        }
        ModelJson first = object.object(nested.get(0));
        for (String kind : nested) {
            if (!object.object(kind).json().equals(first.json())) {
                throw new ConfigException(object.where() + ": " + nested.get(0) + " and " + kind
                        + " differ, and layers with different ropes are not supported");
            }
        }
        return first;
    }

    /** What stands for a kind of layer that no layer is of would be read by nobody. */
    private static void requireFlat(ModelJson object) {
        object.json().fields().forEachRemaining(field -> {
            if (field.getValue().isObject()) {
                throw new ConfigException(object.where() + ": " + field.getKey()
                        + " is an object of its own, and layer_types names no layer of that kind");
            }
        });
    }

    /** What all of {@code places} that have {@code key} say. */
    private static double agreed(List<ModelJson> places, String key, double otherwise) {
        List<ModelJson> saying = places.stream().filter(place -> place.has(key)).toList();
        for (ModelJson place : saying) {
            if (place.number(key) != saying.get(0).number(key)) {
                throw contradiction(saying.get(0), place, key);
            }
        }
        return saying.isEmpty() ? otherwise : saying.get(0).number(key);
    }

    private static void requireWhole(List<ModelJson> places) {
        for (ModelJson place : places) {
            if (place.number("partial_rotary_factor", 1) != 1) {
                throw place.unsupported("partial_rotary_factor", "whole heads are rotated");
            }
            if (place.has(ORIGINAL) && place.integer(ORIGINAL) < 1) {
                throw new ConfigException(
                        place.where() + ": " + ORIGINAL + " is " + place.integer(ORIGINAL) + ", not positive");
            }
        }
    }

    private static void requireOneType(ModelJson object) {
        String type = object.text("rope_type", object.text("type", ""));
        if (!object.text("type", type).equals(type)) {
            throw new ConfigException(
                    object.where() + ": rope_type is " + object.json().get("rope_type") + " and type "
                            + object.json().get("type") + ": remove one of them");
        }
    }

    /** Both objects, but for keys that have been compared. */
    private static void requireSame(ModelJson a, ModelJson b) {
        Map<String, JsonNode> inA = comparable(a);
        Map<String, JsonNode> inB = comparable(b);
        if (!inA.equals(inB)) {
            throw new ConfigException(a.where() + " and " + PARAMETERS + " say different things: " + inA + " and " + inB
                    + "; remove one of them");
        }
    }

    private static Map<String, JsonNode> comparable(ModelJson object) {
        Map<String, JsonNode> keys = new TreeMap<>();
        object.json().fields().forEachRemaining(field -> {
            JsonNode value = field.getValue();
            String key = field.getKey().equals("type") ? "rope_type" : field.getKey();
            boolean compared = List.of(THETA, ORIGINAL, "partial_rotary_factor").contains(key);
            if (!compared && !value.isNull()) {
                keys.put(key, value.isNumber() ? DoubleNode.valueOf(value.asDouble()) : value);
            }
        });
        if (keys.containsKey("rope_type") && keys.get("rope_type").asText().equals("default")) {
            keys.remove("rope_type");
        }
        return keys;
    }

    private static ConfigException contradiction(ModelJson a, ModelJson b, String key) {
        return new ConfigException(a.where() + ": " + key + " is " + a.json().get(key) + ", and in " + b.where()
                + " it is " + b.json().get(key) + ": remove the wrong one");
    }
}
