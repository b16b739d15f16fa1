package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.formats.checkpoint.WeightFiles;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.safetensors.SafetensorsWriter;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** Directories that are wrong in one way each, and the line that says so. */
class ModelErrorsTest {
    private static final String LAYER = "model.layers.1.self_attn.";

    @TempDir
    java.nio.file.Path temporary;

    private Path directory;
    private final ModelConfig model = Models.of(
            false, List.of(Models.gqa(2, 4, RopeScaling.NONE), Models.mla(9, 7, true, true, RopeScaling.NONE)));

    @BeforeEach
    void save() {
        directory = DataFiles.path(temporary + "/model");
        save(SaveOptions.MAX_SHARD_BYTES);
        assertEquals(model, ModelDirectory.open(directory).config());
    }

    private void save(long maxShardBytes) {
        try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 1)) {
            ModelDirectory.save(directory, model, weights, new SaveOptions(Dtype.F32, maxShardBytes, Optional.empty()));
        }
    }

    private Path file(String name) {
        return new Path(directory, name);
    }

    private String error() {
        UserException e = assertThrows(UserException.class, () -> ModelDirectory.open(directory));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        return e.getMessage().replace(DataFiles.display(directory), "DIR");
    }

    private void edit(String name, String from, String to) {
        String text = DataFiles.readString(file(name));
        assertTrue(text.contains(from), text);
        DataFiles.writeString(file(name), text.replace(from, to));
    }

    /** Writes model.safetensors again; {@code change} may leave a tensor out or add others. */
    private void rewrite(BiConsumer<SafetensorsWriter, SafetensorsFile.Entry> change) {
        SafetensorsFile old = SafetensorsFile.open(file("model.safetensors"));
        SafetensorsWriter writer = new SafetensorsWriter();
        old.entries().values().forEach(entry -> change.accept(writer, entry));
        writer.write(file("model.safetensors"));
    }

    private void copy(SafetensorsWriter writer, SafetensorsFile.Entry entry, Dtype dtype, List<Long> shape) {
        float[] values = new float[Math.toIntExact(shape.stream().reduce(1L, (a, b) -> a * b))];
        writer.add(entry.name(), dtype, shape, values);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "xecomla | gemma | DIR/config.json: model_type \"gemma\" is not supported: llama, mistral, qwen2, "
                        + "qwen3, smollm3, granite, phi3, xecomla, dense deepseek_v3 are",
                "\"model_type\" | \"mdl_type\" | DIR/config.json: model_type is missing: llama, mistral, qwen2, "
                        + "qwen3, smollm3, granite, phi3, xecomla, dense deepseek_v3 are",
                "\"mlp_bias\" : false | \"mlp_bias\" : true | DIR has no tensor model.layers.0.mlp.gate_proj.bias",
                "\"silu\" | \"gelu\" | DIR/config.json: hidden_act \"gelu\" is not supported: only silu is",
                "\"mlp_bias\" : false | \"quantization_config\" : {} | DIR/config.json: quantization_config {} is "
                        + "not supported: use the checkpoint in BF16, F16 or F32",
                "\"mlp_bias\" : false | \"partial_rotary_factor\" : 0.5 | DIR/config.json: partial_rotary_factor "
                        + "0.5 is not supported: whole heads are rotated",
                "\"hidden_size\" : 12 | \"hidden_size\" : \"12\" | DIR/config.json: hidden_size is \"12\", not an "
                        + "integer",
                "\"hidden_size\" : 12 | \"hide_size\" : 12 | DIR/config.json: the key hidden_size is missing",
                "\"hidden_size\" : 12 | \"hidden_size\" : 0 | DIR/config.json: no model of hidden_size 0, "
                        + "intermediate_size 20, vocab_size 31, 2 layers",
                "\"num_hidden_layers\" : 2 | \"num_hidden_layers\" : 2000000000 | DIR/config.json: "
                        + "num_hidden_layers is 2000000000, but the weights are only 24 tensors",
                "\"num_hidden_layers\" : 2 | \"num_hidden_layers\" : 3 | DIR has no tensor "
                        + "model.layers.2.input_layernorm.weight",
                "\"num_hidden_layers\" : 2 | \"num_hidden_layers\" : 1 | DIR/model.safetensors has an unexpected "
                        + "tensor model.layers.1.input_layernorm.weight: its config.json describes no such parameter",
                "\"num_key_value_heads\" : 2 | \"num_key_value_heads\" : 3 | DIR/config.json: num_attention_heads 4 "
                        + "is not a multiple of num_key_value_heads 3",
                "\"head_dim\" : 4 | \"head_dim\" : 5 | DIR/config.json: head_dim 5 is not an even positive number",
                "\"qk_rope_head_dim\" : 6 | \"qk_rope_head_dim\" : 5 | DIR/config.json: qk_rope_head_dim 5 is not "
                        + "an even positive number",
                "\"vocab_size\" : 31 | \"vocab_size\" : 32 | DIR/model.safetensors: tensor "
                        + "model.embed_tokens.weight has shape [31, 12], its config.json asks for [32, 12]",
                "\"v_head_dim\" : 5 | \"v_head_dim\" : 6 | DIR/model.safetensors: tensor "
                        + "model.layers.1.self_attn.kv_b_proj.weight has shape [32, 7], its config.json asks for "
                        + "[36, 7]",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"dynamic\"} | DIR/config.json: "
                        + "rope_scaling: the rope type dynamic is not supported: default, linear, llama3 and yarn are",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"linear\"} | DIR/config.json: "
                        + "rope_scaling: the key factor is missing",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"linear\",\"factor\":0.5} | "
                        + "DIR/config.json: rope_scaling: factor is 0.5, it must be at least 1",
                "\"rope_scaling\" : null | \"rope_scaling\" : 8 | DIR/config.json: rope_scaling is 8, not an object",
                "\"rope_theta\" : 500000.0 | \"rope_theta\" : 0 | DIR/config.json: rope_theta is 0.0, not a positive",
                "\"rope_theta\" : 500000.0 | \"rope_theta\" : -1 | DIR/config.json: rope_theta is -1.0, not a positive",
                "\"rope_theta\" : 500000.0 | \"rope_theta\" : 1e400 | DIR/config.json: rope_theta is",
                "\"rope_theta\" : 500000.0 | \"rope_theta\" : NaN | DIR/config.json: rope_theta is \"NaN\", not "
                        + "a finite",
                "\"rms_norm_eps\" : 1.0E-5 | \"rms_norm_eps\" : -1 | DIR/config.json: rms_norm_eps is -1.0, not "
                        + "between",
                "\"mla_scale\" : 0.375 | \"mla_scale\" : 0 | DIR/config.json: the softmax scale is 0.0, not a positive",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"linear\",\"factor\":1e308} | "
                        + "DIR/config.json: rope_scaling: factor is 1.0E308, it must be at least 1 and at most",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"linear\",\"factor\":Infinity} | "
                        + "DIR/config.json: rope_scaling: factor is \"Infinity\", not a finite number",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"llama3\",\"factor\":8,"
                        + "\"low_freq_factor\":4,\"high_freq_factor\":4} | DIR/config.json: rope_scaling: "
                        + "low_freq_factor 4.0 and high_freq_factor 4.0 must be positive, the high one larger",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"yarn\",\"factor\":8,\"beta_slow\":0} | "
                        + "DIR/config.json: rope_scaling: beta_fast 32.0 and beta_slow 0.0 must be positive",
                "\"rope_scaling\" : null | \"rope_scaling\" : {\"type\":\"yarn\",\"factor\":8,"
                        + "\"original_max_position_embeddings\":0} | DIR/config.json: rope_scaling: "
                        + "original_max_position_embeddings is 0, not positive",
                "\"mlp_bias\" : false | \"hidden_size\" : 12 | DIR/config.json is broken JSON at line 14, "
                        + "column 16: the key \"hidden_size\" stands twice",
                "\"eos_token_id\" : 2 | \"eos_token_id\" : [2, null] | DIR/config.json: eos_token_id is "
                        + "[2,null], not an "
                        + "integer or a list of them",
                "\"mla_scale\" | \"mla_inv_freq\" : [1, 2], \"mla_scale\" | DIR/config.json: mla_inv_freq must be a "
                        + "list of 3 positive frequencies, half of qk_rope_head_dim",
                "{ | [ | DIR/config.json is broken JSON at line 2",
            })
    void wrongConfiguration(String from, String to, String message) {
        edit("config.json", from, to);
        assertTrue(error().startsWith(message), error());
    }

    @Test
    void missingFiles() throws IOException {
        DataFiles.delete(file("model.safetensors"));
        assertEquals(
                "no weights in DIR: neither model.safetensors nor model.safetensors.index.json is there (other "
                        + "formats must"
                        + " be converted to safetensors)",
                error());
        DataFiles.delete(file("config.json"));
        assertEquals("DIR is no model directory: it has no config.json", error());
        DataFiles.delete(directory);
        assertEquals("no such model directory: DIR", error());
        Files.createFile(temporary.resolve("model"));
        assertEquals("no such model directory: DIR", error());
    }

    @Test
    void missingUnexpectedAndWrongTensors() {
        rewrite((writer, entry) -> {
            if (!entry.name().equals("lm_head.weight")) {
                copy(writer, entry, Dtype.F32, entry.shape());
            }
        });
        assertEquals(
                "DIR has no tensor lm_head.weight: without it, config.json must say tie_word_embeddings true", error());
        save(SaveOptions.MAX_SHARD_BYTES);
        rewrite((writer, entry) -> {
            copy(writer, entry, Dtype.F32, entry.shape());
            if (entry.name().equals(LAYER + "q_a_proj.weight")) {
                writer.add(LAYER + "q_proj.bias", Dtype.F32, List.of(2L), new float[2]);
            }
        });
        assertEquals(
                "DIR/model.safetensors has an unexpected tensor model.layers.1.self_attn.q_proj.bias: its config.json"
                        + " describes no such parameter",
                error());
        save(SaveOptions.MAX_SHARD_BYTES);
        rewrite((writer, entry) ->
                copy(writer, entry, entry.name().endsWith("q_b_proj.weight") ? Dtype.I32 : Dtype.F32, entry.shape()));
        assertEquals(
                "DIR/model.safetensors: tensor model.layers.1.self_attn.q_b_proj.weight has dtype I32, which is not"
                        + " supported: [F64, F32, F16, BF16] are",
                error());
    }

    /** Where two tensors of a layer disagree on its rank, the configuration says which is wrong. */
    @ParameterizedTest
    @CsvSource({
        "kv_a_proj_with_mqa, 14, 12, '[13, 12]'",
        "kv_b_proj, 32, 8, '[32, 7]'",
        "q_a_proj, 10, 12, '[9, 12]'",
        "q_b_proj, 36, 10, '[36, 9]'",
        "kv_a_layernorm, 8, 0, [7]",
        "o_proj, 20, 12, '[12, 20]'"
    })
    void wrongShape(String projection, long rows, long cols, String expected) {
        String name = LAYER + projection + ".weight";
        List<Long> shape = cols == 0 ? List.of(rows) : List.of(rows, cols);
        rewrite((writer, entry) -> copy(writer, entry, Dtype.F32, entry.name().equals(name) ? shape : entry.shape()));
        assertEquals(
                "DIR/model.safetensors: tensor " + name + " has shape " + shape + ", its config.json asks for "
                        + expected,
                error());
    }

    @Test
    void ranksFollowFromTheTensors() {
        edit("config.json", "\"kv_lora_rank\" : 7", "\"kv_lora_rank\" : 100");
        edit("config.json", "\"q_lora_rank\" : 9", "\"q_lora_rank\" : null");
        assertEquals(model, ModelDirectory.open(directory).config());
    }

    @Test
    void truncatedWeights() throws IOException {
        java.nio.file.Path weights = temporary.resolve("model/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length - 1));
        assertTrue(error().startsWith("DIR/model.safetensors: tensor lm_head.weight: its bytes end at "), error());
    }

    @ParameterizedTest
    @CsvSource({
        "../model-00001-of-0000N.safetensors",
        "/etc/passwd",
        "sub/../../x.safetensors",
        "'file:/etc/passwd'",
        "''"
    })
    void indexThatLeavesTheDirectory(String name) {
        save(2000);
        String index = DataFiles.readString(file(WeightFiles.INDEX));
        DataFiles.writeString(
                file(WeightFiles.INDEX), index.replaceFirst("(\"lm_head.weight\" : )\"[^\"]*\"", "$1\"" + name + "\""));
        assertEquals(
                "DIR/model.safetensors.index.json: tensor lm_head.weight is placed in \"" + name
                        + "\", which is no file inside the model's directory",
                error());
    }

    @Test
    void indexThatIsWrong() {
        save(2000);
        edit(WeightFiles.INDEX, "\"model.norm.weight\" : \"", "\"model.norm.weight\" : \"none-");
        assertTrue(error().startsWith("no such file: DIR/none-model-0"), error());
        save(2000);
        edit(WeightFiles.INDEX, "\"model.norm.weight\"", "\"model.norm.gain\"");
        assertTrue(error().contains(
                        " has no tensor model.norm.gain, which DIR/model.safetensors.index.json places there"));
        save(2000);
        String index = DataFiles.readString(file(WeightFiles.INDEX));
        DataFiles.writeString(
                file(WeightFiles.INDEX), index.replaceFirst(",?\\s*\"model.norm.weight\" : \"[^\"]*\"", ""));
        assertEquals("DIR has no tensor model.norm.weight", error());
        DataFiles.writeString(file(WeightFiles.INDEX), "{\"weight_map\": [");
        assertTrue(error().startsWith("DIR/model.safetensors.index.json is broken JSON at line 1"), error());
    }

    /** Equal values are one parameter, other values two, as in transformers; a head alone is the embedding too. */
    @Test
    void tiedModelsMayBringAHead() {
        ModelConfig tied = Models.of(true, List.of(Models.gqa(2, 4, RopeScaling.NONE)));
        SaveOptions options = new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty());
        String embedding = "model.embed_tokens.weight";
        try (ParameterStore weights = Models.weights(tied, ElementType.FLOAT, 2)) {
            ModelDirectory.save(directory, tied, weights, options);
            float[] values = weights.get(embedding).toFloats();
            withHead(values, embedding);
            assertTrue(ModelDirectory.open(directory).config().tieWordEmbeddings());
            withHead(new float[31 * 12], embedding);
            ModelDirectory untied = ModelDirectory.open(directory);
            assertFalse(untied.config().tieWordEmbeddings());
            assertArrayEquals(values, untied.read(embedding));
            assertArrayEquals(new float[31 * 12], untied.read("lm_head.weight"));
            SafetensorsFile old = SafetensorsFile.open(file("model.safetensors"));
            rewrite((writer, entry) -> {
                if (!entry.name().equals(embedding)) {
                    writer.add(
                            entry.name(),
                            Dtype.F32,
                            entry.shape(),
                            entry.name().equals("lm_head.weight") ? values : old.readFloats(entry.name()));
                }
            });
            ModelDirectory headAlone = ModelDirectory.open(directory);
            assertTrue(headAlone.config().tieWordEmbeddings());
            assertArrayEquals(values, headAlone.read(embedding));
        }
    }

    private void withHead(float[] head, String embedding) {
        SafetensorsFile old = SafetensorsFile.open(file("model.safetensors"));
        rewrite((writer, entry) -> {
            if (!entry.name().equals("lm_head.weight")) {
                writer.add(entry.name(), Dtype.F32, entry.shape(), old.readFloats(entry.name()));
            }
            if (entry.name().equals(embedding)) {
                writer.add("lm_head.weight", Dtype.F32, entry.shape(), head);
            }
        });
    }

    /** A weight that is no number is found where it is read, with its file and name. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void weightsThatAreNoNumbers(float value) {
        String name = LAYER + "kv_b_proj.weight";
        SafetensorsFile old = SafetensorsFile.open(file("model.safetensors"));
        rewrite((writer, entry) -> {
            float[] values = old.readFloats(entry.name());
            if (entry.name().equals(name)) {
                values[17] = value;
            }
            writer.add(entry.name(), Dtype.BF16, entry.shape(), values);
        });
        String message = "DIR/model.safetensors: tensor " + name + " holds " + value
                + ": the checkpoint is damaged, or its training diverged";
        ModelDirectory opened = ModelDirectory.open(directory);
        for (ElementType type : List.of(ElementType.FLOAT, ElementType.DOUBLE)) {
            try (ParameterStore loaded = Tensors.zeros(Models.layout(model), type)) {
                UserException e = assertThrows(UserException.class, () -> opened.load(loaded));
                assertEquals(message, e.getMessage().replace(DataFiles.display(directory), "DIR"));
            }
        }
        assertThrows(UserException.class, () -> opened.read(name));
    }

    /** Rope's tables, which old versions of transformers saved, are computed here. */
    @Test
    void computedBuffersArePassedOver() {
        SafetensorsFile old = SafetensorsFile.open(file("model.safetensors"));
        rewrite((writer, entry) -> {
            writer.add(entry.name(), Dtype.F32, entry.shape(), old.readFloats(entry.name()));
            if (entry.name().equals("model.norm.weight")) {
                for (String buffer :
                        List.of("model.rotary_emb.inv_freq", "model.layers.0.self_attn.rotary_emb.cos_cached")) {
                    writer.add(buffer, Dtype.I64, List.of(1L), new float[1]);
                }
            }
        });
        assertEquals(model, ModelDirectory.open(directory).config());
    }
}
