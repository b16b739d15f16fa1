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
 * What the native library does not tell about a tokenizer.json: its highest id, the ids of its added tokens,
 * whether words can be encoded one by one, and whether it is random.
 *
 * @param vocabSize the highest id of the model's vocabulary and the added tokens, plus one
 * @param numPlainIds the same without added tokens
 * @param named ids of the added tokens and of those words of the vocabulary that were asked for
 * @param wordByWord see {@link WordCache#isExact}
 * @param plain see {@link PlainTokenizer}
 * @param dropout share of the merges that encoding leaves out at random; 0: none
 */
public record TokenizerJson(
        int vocabSize, int numPlainIds, Map<String, Integer> named, boolean wordByWord, boolean plain, double dropout) {
    private static final String CONFIG = "tokenizer_config.json";
    private static final Set<String> SECTIONS =
            Set.of("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation");

    private static final ObjectReader SECTION =
            new ObjectMapper().readerFor(JsonNode.class).with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

    /** An id beyond this is an error of the file. */
    private static final int MOST_IDS = 1 << 28;

    /** @param asked words whose ids are wanted */
    static TokenizerJson parse(byte[] json, Path file, Set<String> asked) {
        Map<String, Integer> named = new HashMap<>();
        asked.forEach(word -> named.put(word, -1));
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
                    readModel(parser, file, ids, named, model);
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
        named.putAll(added);
        named.values().removeIf(id -> id < 0);
        return new TokenizerJson(
                vocabSize,
                ids.length(),
                Map.copyOf(named),
                wordByWord,
                PlainTokenizer.isPlain(sections, model),
                dropout(model, file));
    }

    private static double dropout(Map<String, String> model, Path file) {
        String dropout = model.getOrDefault("dropout", "null");
        try {
            return dropout.equals("null") ? 0 : Double.parseDouble(dropout);
        } catch (NumberFormatException e) {
            throw new UserException(
                    DataFiles.display(file) + " has model.dropout = " + dropout + ", which is no number", e);
        }
    }

    /** The same tokenizer, encoding the same text to the same ids every time. */
    static byte[] withoutDropout(byte[] json, Path file) {
        ObjectMapper mapper = new ObjectMapper();
        try {
            ObjectNode tokenizer = (ObjectNode) mapper.readTree(json);
            ((ObjectNode) tokenizer.path("model")).putNull("dropout");
            return mapper.writeValueAsBytes(tokenizer);
        } catch (IOException e) {
            throw new UserException(DataFiles.display(file) + " " + JsonFaults.describe(e), e);
        }
    }

    /**
     * The vocabulary is an object of ids (BPE, WordPiece, WordLevel) or an array whose places are the ids (Unigram).
     *
     * @param ids is given those of the vocabulary
     * @param named whose words are given their ids
     * @param settings is given the model's plain values
     */
    private static void readModel(
            JsonParser parser, Path file, BitSet ids, Map<String, Integer> named, Map<String, String> settings)
            throws IOException {
        expect(parser.currentToken() == JsonToken.START_OBJECT, file);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String word = parser.currentName();
                    parser.nextToken();
                    int id = parser.getIntValue();
                    expect(id >= 0 && id < MOST_IDS, file);
                    ids.set(id);
                    named.computeIfPresent(word, (asked, none) -> id);
                }
            } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    int id = ids.length();
                    String word = parser.currentToken() == JsonToken.START_ARRAY ? parser.nextTextValue() : "";
                    named.computeIfPresent(word == null ? "" : word, (asked, none) -> id);
                    while (parser.currentToken() != JsonToken.END_ARRAY) {
                        parser.skipChildren();
                        parser.nextToken();
                    }
                    ids.set(id);
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

    /**
     * What lies beside a tokenizer and names its special tokens, read once.
     *
     * @param model {@code config.json}
     * @param tokenizer {@code tokenizer_config.json}
     */
    record Beside(Path directory, JsonNode model, JsonNode tokenizer) {
        static Beside of(Path directory) {
            return new Beside(
                    directory,
                    readIfThere(new Path(directory, "config.json")),
                    readIfThere(new Path(directory, CONFIG)));
        }

        /** What {@code tokenizer_config.json} calls the token of a role, "bos" or "eos"; empty: nothing. */
        String nameOf(String role) {
            JsonNode token = tokenizer.path(role + "_token");
            return token.isObject() ? token.path("content").asText("") : token.asText("");
        }
    }

    /**
     * @param role "bos" or "eos"
     * @throws UserException where the tokenizer's configuration names a token that the tokenizer does not have
     */
    OptionalInt specialTokenId(String role, Beside beside) {
        JsonNode id = beside.model.path(role + "_token_id");
        if (id.isInt()) {
            return OptionalInt.of(id.asInt());
        }
        String name = beside.nameOf(role);
        if (name.isEmpty() || name.equals("null")) {
            return OptionalInt.empty();
        }
        if (!named.containsKey(name)) {
            throw new UserException(
                    DataFiles.display(new Path(beside.directory, CONFIG)) + " has " + role + "_token = \""
                            + name + "\", which is no token of the tokenizer.json beside it: take both from one"
                            + " checkpoint, or set it to null for none");
        }
        return OptionalInt.of(named.get(name));
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
