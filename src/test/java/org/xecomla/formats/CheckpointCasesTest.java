package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.serve.SequenceLogits;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;

/**
 * Checkpoints as people bring them: each gives the logits that transformers 5.18 gives, or says what is wrong with it.
 */
class CheckpointCasesTest {
    private static final String CASES = "src/test/resources/cases/";

    private static Path path(String name) {
        return DataFiles.path(CASES + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "03-rope-theta-in-rope-scaling",
                "05-tied-config-own-head",
                "17-index-overlay",
                "27-attention-bias"
            })
    void logitsAreThoseOfTransformers(String name) throws IOException {
        JsonNode expected = new JsonMapper().readTree(new File(CASES + name + "/expected.json"));
        int[] ids = StreamSupport.stream(expected.get("ids").spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
        float[] logits = logits(ModelDirectory.open(path(name)), ids); // (T, V)
        int vocabSize = logits.length / ids.length;
        for (int t = 0; t < ids.length; t++) {
            for (int v = 0; v < vocabSize; v++) {
                double there = expected.get("logits").get(t).get(v).asDouble();
                assertEquals(there, logits[t * vocabSize + v], 5e-6, "position " + t + ", token " + v);
            }
        }
    }

    private static float[] logits(ModelDirectory directory, int[] ids) {
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(directory, kernels, ids.length)) {
            return SequenceLogits.of(loaded.model(), ids); // (T, V)
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "31a-lfs-pointer | model.safetensors is not a safetensors file: it is a Git LFS pointer, fetch the file"
                        + " itself (git lfs pull)",
                "31b-gptq-without-config | model.safetensors: the checkpoint is quantised"
                        + " (model.layers.0.self_attn.q_proj.qweight): use it in BF16, F16 or F32"
            })
    void whatCannotBeReadIsNamed(String name, String message) {
        UserException e = assertThrows(UserException.class, () -> ModelDirectory.open(path(name)));
        assertEquals(DataFiles.display(path(name)) + "/" + message, e.getMessage());
    }

    /** Rows beyond the tokenizer's ids are padding: what a model draws there is written as nothing. */
    @Test
    void phantomTokensAreWrittenAsNothing() {
        try (Tokenizer tokenizer = Tokenizer.open(path("19-phantom-token"))) {
            int[] drawn = IntStream.of(tokenizer.encode("a dog"))
                    .flatMap(id -> IntStream.of(id, 40, 41))
                    .toArray();
            assertEquals("a dog", tokenizer.decode(drawn));
        }
    }

    /** An added token without a row harms nobody until a text holds it. */
    @Test
    void addedTokensMayLieBeyondTheRows() {
        ModelDirectory model = ModelDirectory.open(path("20-added-token-beyond-the-rows"));
        try (Tokenizer tokenizer = Tokenizer.openFor(model.config(), model.path())) {
            tokenizer.requireFits(model.config().vocabSize(), "the model");
            assertTrue(tokenizer.vocabSize() > model.config().vocabSize());
        }
    }
}
