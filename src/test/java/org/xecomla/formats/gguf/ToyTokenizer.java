package org.xecomla.formats.gguf;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.xecomla.config.model.ModelConfig;

/** A tokenizer of bytes in GPT-2's form for models that have none: words t0, t1, and so on, the last id a hole. */
public final class ToyTokenizer {
    private ToyTokenizer() {}

    public static ObjectNode json(ModelConfig model) {
        ObjectNode json = new JsonMapper().createObjectNode();
        ArrayNode added = json.putArray("added_tokens");
        ObjectNode vocab = json.putObject("model").put("type", "BPE").putObject("vocab");
        for (int id = 0; id < model.vocabSize() - 1; id++) {
            boolean special = id == model.bosTokenId() || model.eosTokenIds().contains(id);
            vocab.put("t" + id, id);
            if (special) {
                added.addObject().put("id", id).put("content", "t" + id).put("special", true);
            }
        }
        ((ObjectNode) json.path("model")).putArray("merges").add("t 1").add("t1 0");
        json.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false);
        return json;
    }

    /** Writes the tokenizer.json. */
    public static Path write(ObjectNode json, Path directory) {
        try {
            return Files.writeString(directory.resolve("tokenizer.json"), json.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
