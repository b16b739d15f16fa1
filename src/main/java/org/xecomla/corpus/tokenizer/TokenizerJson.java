package org.xecomla.corpus.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.tokenizer.library.PlainTokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFaults;

/**
 * What the native library does not tell about a tokenizer.json: its highest id, the ids of its added tokens, and
 * whether words can be encoded one by one.
 *
 * @param vocabSize the highest id of the model's vocabulary and the added tokens, plus one
 * @param numPlainIds the same without added tokens
 * @param wordByWord see {@link WordCache#isExact}
 * @param plain see {@link PlainTokenizer}
 */
public record TokenizerJson(
        int vocabSize, int numPlainIds, Map<String, Integer> addedTokens, boolean wordByWord, boolean plain) {
    private static final Set<String> SECTIONS =
            Set.of("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation");

    private static final ObjectReader SECTION =
            new ObjectMapper().readerFor(JsonNode.class).with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

    /** An id beyond this is an error of the file. */
    private static final int MOST_IDS = 1 << 28;

    static TokenizerJson parse(byte[] json, Path file) {
        BitSet ids = new BitSet();
        ObjectNode sections = new ObjectMapper().createObjectNode();
        Map<String, String> model = new HashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            expect(parser.nextToken() == JsonToken.START_OBJECT, file);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                parser.nextToken();
                if (SECTIONS.contains(key)) {
                    expectOnce(!sections.has(key), key, file);
                    sections.set(key, SECTION.readTree(parser));
                } else if (key.equals("model")) {
                    expectOnce(model.isEmpty(), key, file);
                    readModel(parser, file, ids, model);
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw new UserException(DataFiles.display(file) + " goes on after its JSON object");
            }
        } catch (IOException e) {
            throw new UserException(DataFiles.display(file) + " " + JsonFaults.describe(e), e);
        }
        expect(!ids.isEmpty(), file);
        JsonNode tokens = sections.path("added_tokens");
        Map<String, Integer> added = new HashMap<>();
        tokens.forEach(t -> added.put(t.path("content").asText(), t.path("id").asInt(-1)));
        boolean wordByWord =
                WordCache.isExact(sections.path("normalizer"), sections.path("pre_tokenizer"), tokens, model);
        int vocabSize = ids.length();
        for (int id : added.values()) {
            vocabSize = Math.max(vocabSize, id + 1);
            ids.clear(Math.max(id, 0));
        }
        return new TokenizerJson(
                vocabSize, ids.length(), Map.copyOf(added), wordByWord, PlainTokenizer.isPlain(sections, model));
    }

    /**
     * The vocabulary is an object of ids (BPE, WordPiece, WordLevel) or an array whose places are the ids (Unigram).
     *
     * @param ids is given those of the vocabulary
     * @param settings is given the model's plain values
     */
    private static void readModel(JsonParser parser, Path file, BitSet ids, Map<String, String> settings)
            throws IOException {
        expect(parser.currentToken() == JsonToken.START_OBJECT, file);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    parser.nextToken();
                    int id = parser.getIntValue();
                    expect(id >= 0 && id < MOST_IDS, file);
                    ids.set(id);
                }
            } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    parser.skipChildren();
                    ids.set(ids.length());
                }
            } else if (value.isScalarValue()) {
                expectOnce(settings.put(key, parser.getText()) == null, key, file);
            } else {
                parser.skipChildren();
            }
        }
    }

    private static void expect(boolean condition, Path file) {
        if (!condition) {
            throw new UserException(
                    DataFiles.display(file) + " is not a tokenizer.json: it has no \"model\" with a \"vocab\"");
        }
    }

    /** Of two values under one key nobody knows which the library takes. */
    private static void expectOnce(boolean condition, String key, Path file) {
        if (!condition) {
            throw new UserException(DataFiles.display(file) + " has \"" + key + "\" twice");
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
            throw new UserException(DataFiles.display(file) + " " + JsonFaults.describe(e), e);
        }
    }
}
