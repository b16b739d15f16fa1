package org.xecomla.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.checkpoint.ModelWriter;

/**
 * A {@code tokenizer.json} in the keys of a GGUF file. llama.cpp has tokenizers of its own, of which only those are
 * named here that cut text as this one does.
 */
final class GgufTokenizer {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int BYTE = 6;

    /** Of pieces that no merge makes: never the best. */
    private static final float NO_SCORE = -1e6f;

    private final ModelJson json;
    private final JsonNode model;
    private final Optional<Path> directory;

    private GgufTokenizer(ModelJson json, Optional<Path> directory) {
        this.json = json;
        this.model = json.json().path("model");
        this.directory = directory;
    }

    /**
     * @param from a model's directory, or a tokenizer.json
     * @throws UserException where there is none
     */
    static GgufTokenizer open(Path from) {
        boolean isDirectory = DataFiles.isDirectory(from);
        Path file = isDirectory ? new Path(from, "tokenizer.json") : from;
        if (!DataFiles.exists(file)) {
            throw new UserException("no tokenizer at " + DataFiles.display(file)
                    + ": a GGUF file carries it, put the model's tokenizer.json there");
        }
        return new GgufTokenizer(ModelJson.read(file), isDirectory ? Optional.of(from) : Optional.empty());
    }

    /**
     * @param chatTemplate in place of the tokenizer's own
     * @throws ConfigException where llama.cpp has no tokenizer like it
     */
    void write(GgufOutput out, ModelConfig config, Optional<String> chatTemplate) {
        boolean byteLevel = !model.path("byte_fallback").asBoolean(false);
        Map<String, Integer> ids = ids(config.vocabSize());
        List<String> merges = merges();
        out.key("tokenizer.ggml.model", byteLevel ? "gpt2" : "llama");
        out.key("tokenizer.ggml.pre", byteLevel ? PreTokenizer.of(json) : PreTokenizer.ofPieces(json));
        List<String> tokens = tokens(ids, config.vocabSize());
        out.key("tokenizer.ggml.tokens", new GgufValue.Texts(tokens));
        out.key("tokenizer.ggml.token_type", new GgufValue.Integers(types(tokens, ids, byteLevel)));
        if (byteLevel) {
            out.key("tokenizer.ggml.merges", new GgufValue.Texts(merges));
        } else {
            out.key("tokenizer.ggml.scores", new GgufValue.Reals(scores(tokens, merges)));
            out.key("tokenizer.ggml.add_space_prefix", PreTokenizer.addsSpace(json));
        }
        if (ids.containsKey(model.path("unk_token").asText())) {
            out.key(
                    "tokenizer.ggml.unknown_token_id",
                    ids.get(model.path("unk_token").asText()));
        }
        special(out, config, ids);
        chatTemplate.or(this::chatTemplate).ifPresent(template -> out.key("tokenizer.chat_template", template));
    }

    private void special(GgufOutput out, ModelConfig config, Map<String, Integer> ids) {
        String first = firstSpecial(json.json().path("post_processor"));
        int bos = ids.getOrDefault(first, config.bosTokenId());
        if (config.bosTokenId() >= 0 && bos != config.bosTokenId()) {
            throw new ConfigException(json.where() + ": the post-processor begins a text by " + first
                    + ", and bos_token_id is " + config.bosTokenId() + ": make them one");
        }
        if (bos >= 0) {
            out.key("tokenizer.ggml.bos_token_id", bos);
        }
        if (!config.eosTokenIds().isEmpty()) {
            out.key("tokenizer.ggml.eos_token_id", config.eosTokenIds().get(0));
        }
        out.key("tokenizer.ggml.add_bos_token", ids.containsKey(first));
        out.key("tokenizer.ggml.add_eos_token", false);
    }

    /** The token that the post-processor puts before a text; empty: none. */
    private static String firstSpecial(JsonNode processor) {
        for (JsonNode part : processor.path("processors")) {
            String found = firstSpecial(part);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return processor.path("single").path(0).path("SpecialToken").path("id").asText();
    }

    private Optional<String> chatTemplate() {
        if (directory.isEmpty()) {
            return Optional.empty();
        }
        Path template = new Path(directory.get(), ModelWriter.CHAT_TEMPLATE);
        if (DataFiles.exists(template)) {
            return Optional.of(DataFiles.readText(template));
        }
        Path settings = new Path(directory.get(), "tokenizer_config.json");
        if (!DataFiles.exists(settings)) {
            return Optional.empty();
        }
        JsonNode found = ModelJson.read(settings).json().path("chat_template");
        for (JsonNode named : found) {
            if (named.path("name").asText().equals("default")) {
                return Optional.of(named.path("template").asText());
            }
        }
        return found.isTextual() ? Optional.of(found.asText()) : Optional.empty();
    }

    private Map<String, Integer> ids(int vocabSize) {
        JsonNode vocab = model.path("vocab");
        if (!model.path("type").asText("BPE").equals("BPE") || !vocab.isObject()) {
            throw new ConfigException(
                    json.where() + ": the tokenizer is a " + model.path("type").asText()
                            + ", and gguf is written of BPE alone: export the model as deepseek-v3, llama or native");
        }
        Map<String, Integer> ids = new HashMap<>();
        vocab.fields()
                .forEachRemaining(
                        token -> ids.put(token.getKey(), token.getValue().asInt(-1)));
        json.json().path("added_tokens").forEach(token -> {
            int id = token.path("id").asInt(-1);
            if (id < vocabSize) {
                ids.put(token.path("content").asText(), id);
            }
        });
        ids.forEach((token, id) -> {
            if (id < 0 || id >= vocabSize) {
                throw new ConfigException(json.where() + ": token " + token + " has id " + id + ", and the model has "
                        + vocabSize + " rows: name the tokenizer of this model");
            }
        });
        return ids;
    }

    /** All tokens by their ids; padded rows of the embedding have names that no text makes. */
    private List<String> tokens(Map<String, Integer> ids, int vocabSize) {
        List<String> tokens = new ArrayList<>(Collections.nCopies(vocabSize, ""));
        ids.forEach((token, id) -> {
            if (!tokens.get(id).isEmpty()) {
                throw new ConfigException(
                        json.where() + ": tokens " + tokens.get(id) + " and " + token + " have the same id " + id);
            }
            tokens.set(id, token);
        });
        for (int id = 0; id < vocabSize; id++) {
            if (tokens.get(id).isEmpty()) {
                tokens.set(id, "[PAD" + id + "]");
            }
        }
        return tokens;
    }

    private List<Integer> types(List<String> tokens, Map<String, Integer> ids, boolean byteLevel) {
        Set<String> special = new HashSet<>();
        Set<String> added = new HashSet<>();
        for (JsonNode token : json.json().path("added_tokens")) {
            (token.path("special").asBoolean() ? special : added)
                    .add(token.path("content").asText());
        }
        String unknown = model.path("unk_token").asText();
        return tokens.stream()
                .map(token -> {
                    if (!ids.containsKey(token)) {
                        return UNUSED;
                    }
                    if (!byteLevel && token.equals(unknown)) {
                        return UNKNOWN;
                    }
                    if (special.contains(token)) {
                        return CONTROL;
                    }
                    if (added.contains(token)) {
                        return USER_DEFINED;
                    }
                    return !byteLevel && token.matches("<0x[0-9A-F]{2}>") ? BYTE : NORMAL;
                })
                .toList();
    }

    /** "a b"; newer files have pairs. */
    private List<String> merges() {
        List<String> merges = new ArrayList<>();
        for (JsonNode merge : model.path("merges")) {
            merges.add(
                    merge.isArray()
                            ? merge.path(0).asText() + " " + merge.path(1).asText()
                            : merge.asText());
        }
        return merges;
    }

    /** Sentencepiece takes the pair with the highest score first: that of the earliest merge. */
    private static List<Float> scores(List<String> tokens, List<String> merges) {
        Map<String, Integer> ranks = new HashMap<>();
        for (int m = 0; m < merges.size(); m++) {
            int middle = merges.get(m).indexOf(' ');
            ranks.putIfAbsent(merges.get(m).substring(0, middle) + merges.get(m).substring(middle + 1), m);
        }
        return tokens.stream()
                .map(token -> ranks.containsKey(token) ? -(float) ranks.get(token) : NO_SCORE)
                .toList();
    }
}
