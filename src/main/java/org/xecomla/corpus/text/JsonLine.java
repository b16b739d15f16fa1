package org.xecomla.corpus.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.xecomla.errors.UserException;

/** One line of a JSONL file: a JSON object. */
final class JsonLine {
    /** NaN and infinities are no JSON, but what Python writes; nobody reads them here. */
    private static final ObjectReader JSON = reader(Integer.MAX_VALUE);

    private static final int SHOWN_CHARS = 24;

    private JsonLine() {}

    /** @param maxChars of a text at most; of a line's, none is longer than the line */
    static ObjectReader reader(int maxChars) {
        JsonFactory factory = JsonFactory.builder()
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(maxChars)
                        .build())
                .build();
        return new ObjectMapper(factory).reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    }

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
        } catch (IOException e) {
            requireUtf8(line, location);
            if (e instanceof MismatchedInputException) {
                throw new UserException(
                        location.describe() + " holds more than one JSON value: one object on each line is read", e);
            }
            throw broken(location.describe(), e);
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

    /** A line of plain text. */
    static JsonNode text(byte[] line, DocumentLocation location) {
        return TextNode.valueOf(requireUtf8(line, location).stripTrailing());
    }

    private static String requireUtf8(byte[] line, DocumentLocation location) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(line))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UserException(
                    location.describe() + " is not UTF-8: convert the file, for instance by iconv -f latin1 -t utf-8",
                    e);
        }
    }

    /** What is wrong with JSON, in words of ours: at which column, and what stands there. */
    static UserException broken(String place, IOException e) {
        if (e instanceof StreamConstraintsException) {
            return new UserException(
                    place + " is broken JSON: nested too deeply, or a string or number in it too long (a text:"
                            + " corpus.max-row-size)",
                    e);
        }
        if (e instanceof JsonProcessingException json && json.getLocation() != null) {
            Object source = json.getLocation().contentReference().getRawContent();
            int column = json.getLocation().getColumnNr();
            return new UserException(place + " is broken JSON at column " + column + near(source, column), e);
        }
        return new UserException(place + " is broken JSON", e);
    }

    private static String near(Object source, int column) {
        if (!(source instanceof byte[] bytes) || column < 1) {
            return "";
        }
        int end = Math.min(column - 1, bytes.length);
        String before = new String(bytes, 0, end, StandardCharsets.UTF_8);
        return ", after \"" + before.substring(Math.max(0, before.length() - SHOWN_CHARS)) + "\"";
    }
}
