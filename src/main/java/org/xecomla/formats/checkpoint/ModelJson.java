package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** A JSON object of a model directory, or one inside it, whose getters name file and key when something is wrong. */
public final class ModelJson {
    private final String where;
    private final JsonNode json;

    private ModelJson(String where, JsonNode json) {
        this.where = where;
        this.json = json;
    }

    /** Reads a JSON object. */
    public static ModelJson read(Path path) {
        try {
            JsonNode json = new JsonMapper().readTree(DataFiles.readString(path));
            if (!json.isObject()) {
                throw new UserException(DataFiles.display(path) + " is not a JSON object");
            }
            return new ModelJson(DataFiles.display(path), json);
        } catch (JsonProcessingException e) {
            String line =
                    e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
            throw new UserException(DataFiles.display(path) + line + " is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** The same object with the keys of {@code defaults}, which it keeps, where it has none. */
    public ModelJson withDefaults(ObjectNode defaults) {
        return new ModelJson(where, defaults.setAll((ObjectNode) json));
    }

    /** File, and key where this is an object inside it. */
    public String where() {
        return where;
    }

    public JsonNode json() {
        return json;
    }

    /** Whether the key is there with another value than null. */
    public boolean has(String key) {
        return json.hasNonNull(key);
    }

    /** The object under {@code key}; an empty one where it is absent or null. */
    public ModelJson object(String key) {
        if (!has(key)) {
            return new ModelJson(where + ": " + key, new JsonMapper().createObjectNode());
        }
        if (!json.get(key).isObject()) {
            throw wrong(key, "an object");
        }
        return new ModelJson(where + ": " + key, json.get(key));
    }

    /** The object at {@code index} of the list under {@code key}; an empty one where it is absent or null. */
    public ModelJson element(String key, int index) {
        JsonNode element = json.path(key).path(index);
        return new ModelJson(
                where + ": " + key + "[" + index + "]",
                element.isObject() ? element : new JsonMapper().createObjectNode());
    }

    public int integer(String key) {
        if (!has(key)) {
            throw new ConfigException(where + ": the key " + key + " is missing");
        }
        if (!json.get(key).isIntegralNumber() || !json.get(key).canConvertToInt()) {
            throw wrong(key, "an integer");
        }
        return json.get(key).asInt();
    }

    public int integer(String key, int otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    /** The integers under {@code key}, one or a list of them; none where it is absent or null. */
    public List<Integer> integers(String key) {
        JsonNode value = json.path(key);
        List<Integer> all = new ArrayList<>();
        (value.isArray() ? value : List.of(value)).forEach(one -> {
            if (one.canConvertToInt()) {
                all.add(one.asInt());
            }
        });
        return all;
    }

    public double number(String key) {
        if (!has(key)) {
            throw new ConfigException(where + ": the key " + key + " is missing");
        }
        if (!json.get(key).isNumber()) {
            throw wrong(key, "a number");
        }
        return json.get(key).asDouble();
    }

    public double number(String key, double otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    public boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!json.get(key).isBoolean()) {
            throw wrong(key, "true or false");
        }
        return json.get(key).asBoolean();
    }

    public String text(String key, String otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!json.get(key).isTextual()) {
            throw wrong(key, "a string");
        }
        return json.get(key).asText();
    }

    /** What {@code record} makes of values from here; what its constructor refuses is said with this place. */
    public <T> T naming(Supplier<T> record) {
        try {
            return record.get();
        } catch (ConfigException e) {
            throw new ConfigException(where + ": " + e.getMessage(), e);
        }
    }

    public ConfigException unsupported(String key, String instead) {
        return new ConfigException(where + ": " + key + " " + json.get(key) + " is not supported: " + instead);
    }

    private ConfigException wrong(String key, String kind) {
        return new ConfigException(where + ": " + key + " is " + json.get(key) + ", not " + kind);
    }
}
