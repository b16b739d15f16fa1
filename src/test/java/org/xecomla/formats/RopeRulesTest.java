package org.xecomla.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.llama.LlamaReader;

/**
 * Wherever a configuration says what its rope is, the frequencies are those of transformers, or the places contradict.
 */
@Tag("python")
class RopeRulesTest {
    private static final List<String> SCALINGS = List.of(
            "",
            "\"rope_type\": \"default\"",
            "\"rope_type\": \"linear\", \"factor\": 4",
            "\"type\": \"linear\", \"factor\": 2.5",
            "\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 4,"
                    + " \"original_max_position_embeddings\": 64",
            "\"rope_type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": 64",
            "\"rope_type\": \"yarn\", \"factor\": 4",
            "\"rope_type\": \"yarn\", \"factor\": 4, \"mscale\": 0.7, \"mscale_all_dim\": 0.4",
            "\"rope_type\": \"yarn\", \"factor\": 4, \"mscale\": 0.7",
            "\"rope_type\": \"yarn\", \"factor\": 4, \"mscale_all_dim\": 0.7",
            "\"rope_type\": \"yarn\", \"factor\": 4, \"attention_factor\": 1.3, \"mscale\": 0.7, "
                    + "\"mscale_all_dim\": 0.4",
            "\"type\": \"yarn\", \"rope_type\": \"yarn\", \"factor\": 16, \"beta_fast\": 8, \"beta_slow\": 2");
    private static final List<String> THETAS = List.of("", "\"rope_theta\": 500000.0", "\"rope_theta\": 7000");

    @TempDir
    private Path directory;

    @Test
    void frequenciesAreThoseOfTransformers() throws Exception {
        Map<String, String> configs = configs();
        for (Map.Entry<String, String> config : configs.entrySet()) {
            Files.writeString(directory.resolve(config.getKey()), config.getValue());
        }
        List<String> said = run("src/main/scripts/python-env", "export").lines().toList();
        String python = said.get(said.size() - 1); // behind what the installation of packages says
        JsonNode there = new JsonMapper().readTree(run(python, "src/main/scripts/ropes_of_configs.py", directory + ""));
        int same = 0;
        int contradictions = 0;
        for (Map.Entry<String, String> config : configs.entrySet()) {
            ModelConfig model;
            try {
                model = LlamaReader.shape(DataFiles.path(directory + "/" + config.getKey()));
            } catch (ConfigException e) {
                assertTrue(
                        e.getMessage().contains("remove")
                                || there.get(config.getKey()).isNull(),
                        e.getMessage() + config.getValue());
                contradictions++;
                continue;
            }
            assertSame(there.get(config.getKey()), model, config.getValue());
            same++;
        }
        System.out.println(same + " configurations as transformers reads them, " + contradictions + " refused");
        assertTrue(same > 200 && contradictions > 50, same + " and " + contradictions);
    }

    private static void assertSame(JsonNode there, ModelConfig model, String config) {
        assertFalse(there.isNull(), config);
        RopeFrequencies here = RopeFrequencies.of(
                model.attention().get(0).ropeDim(),
                model.ropeTheta(),
                model.attention().get(0).ropeScaling());
        assertEquals(there.get("factor").asDouble(), here.attentionFactor(), 1e-6, config);
        assertEquals(there.get("inverse").size(), here.inverse().size(), config);
        for (int j = 0; j < here.inverse().size(); j++) {
            double expected = there.get("inverse").get(j).asDouble();
            assertEquals(expected, here.inverse().get(j), 2e-6 * expected, config);
        }
    }

    /** Every scaling at every place, with a theta inside, beside, both or neither. */
    private static Map<String, String> configs() {
        Map<String, String> configs = new TreeMap<>();
        for (String scaling : SCALINGS) {
            for (String inside : THETAS) {
                for (String beside : THETAS) {
                    for (String more : List.of("", "\"original_max_position_embeddings\": 32")) {
                        for (List<String> places : List.of(
                                List.of("rope_scaling"),
                                List.of("rope_parameters"),
                                List.of("rope_scaling", "rope_parameters"))) {
                            List<String> keys = new ArrayList<>(List.of(
                                    "\"model_type\": \"llama\", \"hidden_size\": 64, \"intermediate_size\": 96",
                                    "\"num_hidden_layers\": 1, \"num_attention_heads\": 4, \"vocab_size\": 100",
                                    "\"max_position_embeddings\": 256"));
                            for (String place : places) {
                                keys.add("\"" + place + "\": {" + joined(List.of(scaling, inside)) + "}");
                            }
                            keys.addAll(List.of(beside, more));
                            configs.put(configs.size() + ".json", "{" + joined(keys) + "}");
                        }
                    }
                }
            }
        }
        return configs;
    }

    private static String joined(List<String> keys) {
        return String.join(", ", keys.stream().filter(key -> !key.isEmpty()).toList());
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), List.of(command) + ": " + said);
        return said;
    }
}
