package org.xecomla.eval.tasks;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.xecomla.errors.UserException;

/**
 * One row of a data set, whose getters name file and row when something is wrong. Two are equal where their content is.
 *
 * @param place file and row, for messages; asked for only then, since the number of a line is counted
 */
record TaskRow(JsonNode json, Supplier<String> place) {
    String where() {
        return place.get();
    }

    boolean sameContent(TaskRow other) {
        return json.equals(other.json);
    }

    String text(String key) {
        JsonNode value = required(key);
        if (!value.isTextual()) {
            throw wrong(key, "a string");
        }
        return value.textValue();
    }

    List<String> texts(String key) {
        JsonNode values = required(key);
        List<String> texts = new ArrayList<>();
        for (JsonNode value : values) {
            if (!value.isTextual()) {
                throw wrong(key, "a list of strings");
            }
            texts.add(value.textValue());
        }
        if (!values.isArray() || texts.isEmpty()) {
            throw wrong(key, "a list of strings");
        }
        return texts;
    }

    /** A number, or a string of its digits. */
    int index(String key, int count) {
        JsonNode value = required(key);
        int index = value.isTextual() && value.textValue().matches("\\d{1,6}")
                ? Integer.parseInt(value.textValue())
                : value.isIntegralNumber() ? value.intValue() : -1;
        if (index < 0 || index >= count) {
            throw wrong(key, "the number of one of " + count + " choices");
        }
        return index;
    }

    /** The object under {@code key}. */
    TaskRow object(String key) {
        JsonNode value = required(key);
        if (!value.isObject()) {
            throw wrong(key, "an object");
        }
        return new TaskRow(value, () -> where() + ", " + key);
    }

    JsonNode required(String key) {
        JsonNode value = json.get(key);
        if (value == null || value.isNull()) {
            List<String> keys = new ArrayList<>();
            json.fieldNames().forEachRemaining(keys::add);
            throw new UserException(where() + " has no \"" + key + "\", only " + keys
                    + ": rows need the fields of the data set on Hugging Face");
        }
        return value;
    }

    UserException wrong(String key, String kind) {
        return new UserException(where() + ": \"" + key + "\" is not " + kind);
    }
}
