package org.xecomla.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.Models;

/** The tokenizer travels, or is refused in one line. */
class GgufTokenizerTest {
    private static final ModelConfig MODEL = Models.of(true, List.of(Models.gqa(2, 6, RopeScaling.NONE)));

    @TempDir
    private Path directory;

    private Map<String, GgufValue> written(ObjectNode json, Optional<String> template) {
        Path tokenizer = ToyTokenizer.write(json, directory);
        GgufOutput out = new GgufOutput();
        GgufTokenizer.open(DataFiles.path(tokenizer.toString())).write(out, MODEL, template);
        Path file = directory.resolve("a.gguf");
        out.write(DataFiles.path(file.toString()));
        return GgufFile.open(DataFiles.path(file.toString())).keys();
    }

    private String refusal(ObjectNode json) {
        String message = assertThrows(ConfigException.class, () -> written(json, Optional.empty()))
                .getMessage();
        return message.substring(message.indexOf("tokenizer.json: ") + "tokenizer.json: ".length());
    }

    @Test
    void bytesTravel() {
        Map<String, GgufValue> keys = written(ToyTokenizer.json(MODEL), Optional.of("{{ x }}"));
        assertEquals(new GgufValue.Text("gpt2"), keys.get("tokenizer.ggml.model"));
        assertEquals(new GgufValue.Text("gpt-2"), keys.get("tokenizer.ggml.pre"));
        assertEquals(new GgufValue.Texts(List.of("t 1", "t1 0")), keys.get("tokenizer.ggml.merges"));
        List<String> tokens = ((GgufValue.Texts) keys.get("tokenizer.ggml.tokens")).texts();
        assertEquals("t7", tokens.get(7));
        assertEquals("[PAD30]", tokens.get(30));
        List<Integer> types = ((GgufValue.Integers) keys.get("tokenizer.ggml.token_type")).numbers();
        assertEquals(List.of(1, 3, 3, 1), types.subList(0, 4));
        assertEquals(5, types.get(30));
        assertEquals(new GgufValue.Natural(1), keys.get("tokenizer.ggml.bos_token_id"));
        assertEquals(new GgufValue.Flag(false), keys.get("tokenizer.ggml.add_bos_token"));
        assertEquals(new GgufValue.Text("{{ x }}"), keys.get("tokenizer.chat_template"));
    }

    @Test
    void piecesTravel() {
        ObjectNode json = ToyTokenizer.json(MODEL);
        ((ObjectNode) json.path("model")).put("byte_fallback", true).put("unk_token", "t0");
        ((ObjectNode) json.path("model").path("vocab")).put("<0x0A>", 30);
        json.putNull("pre_tokenizer");
        json.putObject("normalizer").put("type", "Prepend").put("prepend", "▁");
        json.putObject("post_processor")
                .putArray("single")
                .addObject()
                .putObject("SpecialToken")
                .put("id", "t1");
        Map<String, GgufValue> keys = written(json, Optional.empty());
        assertEquals(new GgufValue.Text("llama"), keys.get("tokenizer.ggml.model"));
        assertEquals(new GgufValue.Flag(true), keys.get("tokenizer.ggml.add_space_prefix"));
        assertEquals(new GgufValue.Flag(true), keys.get("tokenizer.ggml.add_bos_token"));
        assertEquals(new GgufValue.Skipped(31), keys.get("tokenizer.ggml.scores"));
        List<Integer> types = ((GgufValue.Integers) keys.get("tokenizer.ggml.token_type")).numbers();
        assertEquals(List.of(2, 3, 3, 1), types.subList(0, 4));
        assertEquals(6, types.get(30));
    }

    @Test
    void othersAreRefused() {
        ObjectNode unigram = ToyTokenizer.json(MODEL);
        ((ObjectNode) unigram.path("model")).put("type", "Unigram");
        assertEquals(
                "the tokenizer is a Unigram, and gguf is written of BPE alone: export the model as deepseek-v3, llama"
                        + " or native",
                refusal(unigram));
        ObjectNode whitespace = ToyTokenizer.json(MODEL);
        whitespace.putObject("pre_tokenizer").put("type", "Whitespace");
        assertTrue(refusal(whitespace).startsWith("no tokenizer of llama.cpp is known here to cut text as this one"));
        ObjectNode lower = ToyTokenizer.json(MODEL);
        lower.putObject("normalizer").put("type", "Lowercase");
        assertTrue(refusal(lower).startsWith("no tokenizer of llama.cpp"));
        ObjectNode beyond = ToyTokenizer.json(MODEL);
        ((ObjectNode) beyond.path("model").path("vocab")).put("far", 31);
        assertEquals(
                "token far has id 31, and the model has 31 rows: name the tokenizer of this model", refusal(beyond));
        UserException none = assertThrows(
                UserException.class,
                () -> GgufTokenizer.open(
                        DataFiles.path(directory.resolve("none.json").toString())));
        assertTrue(none.getMessage().endsWith("a GGUF file carries it, put the model's tokenizer.json there"));
    }
}
