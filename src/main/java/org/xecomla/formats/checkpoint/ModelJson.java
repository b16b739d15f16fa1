package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;

/** A JSON object of a model directory, or one inside it, whose getters name file and key when something is wrong. */
public final class ModelJson {
    /** Python writes NaN and Infinity; a key that is needed must not be one. */
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final String where;
    private final JsonNode json;

    private ModelJson(String where, JsonNode json) {
        this.where = where;
        this.json = json;
    }

    /** Reads a JSON object. */
    public static ModelJson read(Path path) {
        String file = DataFiles.display(path);
        String text = DataFiles.readText(path);
        if (text.startsWith("\uFEFF")) {
            throw new UserException(file + " begins with a byte order mark, which JSON has not: save it without");
        }
        try (JsonParser parser = STRICT.createParser(text)) {
            JsonNode json = STRICT.readTree(parser);
            if (json == null || !json.isObject()) {
                throw new UserException(file + " is not a JSON object");
            }
            if (parser.nextToken() != null) {
                throw new UserException(file + ", line "
                        + parser.currentTokenLocation().getLineNr() + ": text follows the JSON object");
            }
            return new ModelJson(file, json);
        } catch (JsonProcessingException e) {
            throw new UserException(file + " " + JsonFaults.describe(e), e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
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
        List<Integer> all = new ArrayList<>();
        if (has(key)) {
            JsonNode value = json.get(key);
            for (JsonNode one : value.isArray() ? value : List.of(value)) {
                if (!one.isIntegralNumber() || !one.canConvertToInt()) {
                    throw wrong(key, "an integer or a list of them");
                }
                all.add(one.asInt());
            }
        }
        return all;
    }

    public double number(String key) {
        if (!has(key)) {
            throw new ConfigException(where + ": the key " + key + " is missing");
        }
        if (!json.get(key).isNumber() || !Double.isFinite(json.get(key).asDouble())) {
            throw wrong(key, "a finite number");
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
