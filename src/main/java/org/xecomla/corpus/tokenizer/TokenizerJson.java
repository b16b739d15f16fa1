package org.xecomla.corpus.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * What the native library does not tell about a tokenizer.json: its highest id, the ids of its added tokens, and
 * whether words can be encoded one by one.
 *
 * @param vocabSize the highest id of the model's vocabulary and the added tokens, plus one
 * @param wordByWord see {@link WordCache#isExact}
 */
public record TokenizerJson(int vocabSize, Map<String, Integer> addedTokens, boolean wordByWord) {
    private static final Set<String> SECTIONS = Set.of("added_tokens", "normalizer", "pre_tokenizer");

    static TokenizerJson parse(byte[] json, Path file) {
        int highest = -1;
        ObjectNode sections = new ObjectMapper().createObjectNode();
        Map<String, String> model = new HashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            expect(parser.nextToken() == JsonToken.START_OBJECT, file);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                parser.nextToken();
                if (SECTIONS.contains(key)) {
                    sections.set(key, new ObjectMapper().readTree(parser));
                } else if (key.equals("model")) {
                    highest = highestModelId(parser, file, model);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (IOException e) {
            throw new UserException(
                    file + " is not JSON: " + e.getMessage().lines().findFirst().orElse(""), e);
        }
        expect(highest >= 0, file);
        JsonNode tokens = sections.path("added_tokens");
        Map<String, Integer> added = new HashMap<>();
        tokens.forEach(t -> added.put(t.path("content").asText(), t.path("id").asInt(-1)));
        boolean wordByWord =
                WordCache.isExact(sections.path("normalizer"), sections.path("pre_tokenizer"), tokens, model);
        for (int id : added.values()) {
            highest = Math.max(highest, id);
        }
        return new TokenizerJson(highest + 1, Map.copyOf(added), wordByWord);
    }

    /**
     * The vocabulary is an object of ids (BPE, WordPiece, WordLevel) or an array whose places are the ids (Unigram).
     *
     * @param settings is given the model's plain values
     */
    private static int highestModelId(JsonParser parser, Path file, Map<String, String> settings) throws IOException {
        expect(parser.currentToken() == JsonToken.START_OBJECT, file);
        int highest = -1;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    parser.nextToken();
                    highest = Math.max(highest, parser.getIntValue());
                }
            } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    parser.skipChildren();
                    highest++;
                }
            } else if (value.isScalarValue()) {
                settings.put(key, parser.getText());
            } else {
                parser.skipChildren();
            }
        }
        return highest;
    }

    private static void expect(boolean condition, Path file) {
        if (!condition) {
            throw new UserException(file + " is not a tokenizer.json: it has no \"model\" with a \"vocab\"");
        }
    }

    /** @param role "bos" or "eos" */
    OptionalInt specialTokenId(String role, Path directory) {
        JsonNode id = readIfThere(new Path(directory, "config.json")).path(role + "_token_id");
        if (id.isInt()) {
            return OptionalInt.of(id.asInt());
        }
        JsonNode token =
                readIfThere(new Path(directory, "tokenizer_config.json")).path(role + "_token");
        String content = token.isObject() ? token.path("content").asText() : token.asText();
        Integer found = addedTokens.get(content);
        return found == null ? OptionalInt.empty() : OptionalInt.of(found);
    }

    /** The JSON of a small file; an empty object where there is no such file. */
    public static JsonNode readIfThere(Path file) {
        ObjectMapper mapper = new ObjectMapper();
        if (!DataFiles.exists(file)) {
            return mapper.createObjectNode();
        }
        try (InputStream in = DataFiles.openStream(file)) {
            return mapper.readTree(in);
        } catch (IOException e) {
            throw new UserException(
                    "cannot read " + file + ": "
                            + e.getMessage().lines().findFirst().orElse(""),
                    e);
        }
    }
}
