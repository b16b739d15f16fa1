package org.xecomla.corpus.text;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.xecomla.errors.UserException;

/** One line of a JSONL file: a JSON object. */
final class JsonLine {
    private static final ObjectReader JSON =
            new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonLine() {}

    static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    /** @throws UserException naming file and line, where the line is not a JSON object */
    static JsonNode parse(byte[] line, DocumentLocation location) {
        JsonNode node;
        try {
            node = JSON.readTree(line);
        } catch (JsonParseException e) {
            throw new UserException(
                    location.describe() + " is broken JSON at column "
                            + e.getLocation().getColumnNr() + ": " + firstLine(e.getOriginalMessage()),
                    e);
        } catch (IOException e) {
            throw new UserException(location.describe() + " is broken JSON: " + firstLine(e.getMessage()), e);
        }
        if (!node.isObject()) {
            throw new UserException(location.describe() + " is not a JSON object: the corpus has one on each line");
        }
        return node;
    }

    /** @throws UserException naming file and line, where there is no such key */
    static JsonNode require(JsonNode node, String key, DocumentLocation location) {
        JsonNode value = node.get(key);
        if (value == null) {
            List<String> keys = new ArrayList<>();
            node.fieldNames().forEachRemaining(keys::add);
            throw new UserException(location.describe() + " has no key \"" + key + "\", only " + keys
                    + ": every line of the corpus needs its text there");
        }
        return value;
    }

    /** @throws UserException naming file and line, where there is no text under the key */
    static String requireText(JsonNode node, String key, DocumentLocation location) {
        JsonNode text = require(node, key, location);
        if (!text.isTextual()) {
            throw new UserException(location.describe() + " has no text under \"" + key + "\" but "
                    + text.getNodeType().toString().toLowerCase(Locale.ROOT));
        }
        return text.textValue();
    }

    /** Jackson's message without what it quotes of the text. */
    private static String firstLine(String message) {
        String line = message == null ? "" : message.lines().findFirst().orElse("");
        int quotation = line.indexOf(" (start marker");
        return quotation < 0 ? line : line.substring(0, quotation);
    }
}
