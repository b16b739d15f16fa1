package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.Headers;
import org.xecomla.formats.checkpoint.ModelJson;
import org.xecomla.formats.deepseek.DeepseekReader;
import org.xecomla.formats.llama.LlamaReader;

/** Old, new and DeepSeek's spelling of the same things. */
class ConfigJsonTest {
    private static final String COMMON = """
            "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1, "num_attention_heads": 8,
            "vocab_size": 100, "max_position_embeddings": 512, "rms_norm_eps": 1e-5
            """;

    @TempDir
    java.nio.file.Path temporary;

    private ModelConfig read(String modelType, String more, Map<String, List<Long>> shapes) {
        Path file = DataFiles.path(temporary + "/config.json");
        DataFiles.writeString(file, "{\"model_type\": \"" + modelType + "\", " + COMMON + more + "}");
        Headers headers = new Headers(file.getParent(), ModelJson.read(file), shapes);
        return (modelType.equals("llama") ? new LlamaReader() : new DeepseekReader()).config(headers);
    }

    private AttentionConfig llama(String more) {
        return read("llama", more, Map.of("model.layers.0.self_attn.k_proj.weight", List.of(8L, 64L)))
                .attention()
                .get(0);
    }

    private AttentionConfig.Mla deepseek(String more) {
        Map<String, List<Long>> shapes = new HashMap<>();
        shapes.put("model.layers.0.self_attn.kv_a_proj_with_mqa.weight", List.of(20L, 64L));
        shapes.put("model.layers.0.self_attn.kv_b_proj.weight", List.of(8 * 14L, 16L));
        String dims = ", \"qk_nope_head_dim\": 6, \"qk_rope_head_dim\": 4, \"v_head_dim\": 8, \"kv_lora_rank\": 16";
        return (AttentionConfig.Mla)
                read("deepseek_v3", dims + more, shapes).attention().get(0);
    }

    @Test
    void silentKeysAreLlamasDefaults() {
        ModelConfig model = read("llama", "", Map.of("any", List.of()));
        assertEquals(
                new ModelConfig(
                        64,
                        96,
                        100,
                        512,
                        1e-5,
                        10000,
                        false,
                        -1,
                        -1,
                        List.of(new AttentionConfig.Gqa(8, 8, 8, RopeScaling.NONE))),
                model);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ", \"rope_theta\": 5e5, \"rope_scaling\": {\"rope_type\": \"llama3\", FACTORS}",
                ", \"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"llama3\", FACTORS}",
                ", \"rope_parameters\": {\"rope_theta\": 5e5, \"rope_type\": \"llama3\", FACTORS}",
                ", \"rope_scaling\": null, \"rope_parameters\": {\"rope_theta\": 5e5, \"rope_type\": \"llama3\", "
                        + "FACTORS}",
            })
    void ropeInOldAndNewSpelling(String spelling) {
        String factors = "\"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0,"
                + " \"original_max_position_embeddings\": 64";
        ModelConfig model = read("llama", spelling.replace("FACTORS", factors), Map.of("any", List.of()));
        assertEquals(5e5, model.ropeTheta());
        assertEquals(
                new RopeScaling.Llama3(8, 1, 4, 64), model.attention().get(0).ropeScaling());
    }

    @Test
    void otherRopes() {
        assertEquals(
                RopeScaling.NONE,
                llama(", \"rope_parameters\": {\"rope_type\": \"default\"}").ropeScaling());
        assertEquals(
                new RopeScaling.Linear(2),
                llama(", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}")
                        .ropeScaling());
        assertEquals(
                new RopeScaling.Yarn(4, 512, 32, 1, 1, 0),
                llama(", \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0}")
                        .ropeScaling());
        RopeScaling.Yarn given =
                (RopeScaling.Yarn) llama(", \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0,"
                                + " \"attention_factor\": 1.5, \"beta_fast\": 16, "
                                + "\"original_max_position_embeddings\": 128}")
                        .ropeScaling();
        assertEquals(128, given.originalMaxPositionEmbeddings());
        assertEquals(16, given.betaFast());
        assertEquals(1.5, 0.1 * given.mscale() * Math.log(4) + 1, 1e-15);
    }

    @Test
    void ropeOfAKindThatNoLayerIsOfIsRefused() {
        String kinds = ", \"rope_parameters\": {\"full_attention\": {\"rope_theta\": 5e5}}";
        ConfigException e = assertThrows(ConfigException.class, () -> llama(kinds));
        assertTrue(e.getMessage().contains("full_attention is an object of its own"), e.getMessage());
        assertEquals(
                5e5,
                read("llama", kinds + ", \"layer_types\": [\"full_attention\"]", Map.of("any", List.of()))
                        .ropeTheta());
    }

    @Test
    void textInAnotherEncodingIsRefused() throws IOException {
        java.nio.file.Path file = temporary.resolve("config.json");
        Map<String, byte[]> texts = Map.of(
                "is not UTF-8", "{\"a\": \"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1),
                "is not UTF-8: convert", "{}".getBytes(StandardCharsets.UTF_16),
                "begins with a byte order mark", "\uFEFF{}".getBytes(StandardCharsets.UTF_8));
        for (Map.Entry<String, byte[]> text : texts.entrySet()) {
            Files.write(file, text.getValue());
            UserException e = assertThrows(UserException.class, () -> ModelJson.read(DataFiles.path(file.toString())));
            assertTrue(e.getMessage().contains("config.json " + text.getKey()), e.getMessage());
        }
    }

    @Test
    void headsAndTokens() {
        ModelConfig model = read(
                "llama",
                ", \"num_key_value_heads\": 2, \"head_dim\": 16, \"tie_word_embeddings\": true, \"bos_token_id\": 1,"
                        + " \"eos_token_id\": [7, 8]",
                Map.of("any", List.of()));
        assertEquals(
                new AttentionConfig.Gqa(8, 2, 16, RopeScaling.NONE),
                model.attention().get(0));
        assertEquals(true, model.tieWordEmbeddings());
        assertEquals(1, model.bosTokenId());
        assertEquals(List.of(7, 8), model.eosTokenIds());
        assertEquals(
                new AttentionConfig.Gqa(8, 8, 8, RopeScaling.NONE),
                llama(", \"head_dim\": null, \"num_key_value_heads\": null"));
    }

    @Test
    void denseDeepseek() {
        AttentionConfig.Mla plain = deepseek(", \"first_k_dense_replace\": 1, \"n_routed_experts\": 4");
        assertEquals(
                new AttentionConfig.Mla(8, 0, 16, 6, 4, 8, false, false, RopeScaling.NONE, Math.pow(10, -0.5)), plain);
        AttentionConfig.Mla yarn = deepseek(", \"first_k_dense_replace\": 1, \"rope_scaling\": {\"type\": \"yarn\","
                + " \"factor\": 40, \"mscale\": 1.0, \"mscale_all_dim\": 1.0}");
        assertEquals(new RopeScaling.Yarn(40, 512, 32, 1, 1, 1), yarn.ropeScaling());
        double m = 0.1 * Math.log(40) + 1;
        assertEquals(m * m / Math.sqrt(10), yarn.softmaxScale(), 1e-15);
    }
}
