package org.xecomla.formats.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.safetensors.SafetensorsFile;

/** Phi-3's matrices of several parameters. */
class FusedProjectionsTest {
    private static final Path PHI3 = Path.of("src/test/resources/golden/family-phi3");

    @TempDir
    private Path directory;

    private static ModelDirectory open(Path path) {
        return ModelDirectory.open(DataFiles.path(path.toString()));
    }

    @Test
    void parametersAreRowsOfTheMatrices() {
        SafetensorsFile file = SafetensorsFile.open(DataFiles.path(PHI3 + "/model.safetensors"));
        String layer = ParameterNames.layer(1);
        float[] fused = file.readFloats(layer + "self_attn.qkv_proj.weight"); // ((H+2G)*K, D)
        ModelDirectory model = open(PHI3);
        assertArrayEquals(Arrays.copyOfRange(fused, 0, 32 * 32), model.read(layer + ParameterNames.Q_PROJ));
        assertArrayEquals(Arrays.copyOfRange(fused, 32 * 32, 48 * 32), model.read(layer + ParameterNames.K_PROJ));
        assertArrayEquals(Arrays.copyOfRange(fused, 48 * 32, 64 * 32), model.read(layer + ParameterNames.V_PROJ));
        float[] gateUp = file.readFloats(layer + "mlp.gate_up_proj.weight"); // (2*F, D)
        assertArrayEquals(Arrays.copyOfRange(gateUp, 48 * 32, 96 * 32), model.read(layer + ParameterNames.UP_PROJ));
        assertEquals(48, model.config().maxPositionEmbeddings()); // the window
    }

    /** transformers reads Phi-3's "yarn" as longrope. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"num_key_value_heads\": 2 | \"num_key_value_heads\": 4 | has shape [64, 32], its config.json asks"
                        + " for 96 rows",
                "\"intermediate_size\": 48 | \"intermediate_size\": 40 | has shape [96, 32], its config.json asks"
                        + " for 80 rows",
                "\"rope_type\": \"default\" | \"rope_type\": \"longrope\", \"short_factor\": [1, 1, 1, 1] |"
                        + " the rope type longrope is not supported: default, linear, llama3 and yarn are",
                "\"rope_type\": \"default\" | \"rope_type\": \"yarn\", \"factor\": 2 | rope_type \"yarn\" is not"
                        + " supported: of Phi-3, only default is",
                "\"partial_rotary_factor\": 1.0 | \"partial_rotary_factor\": 0.75 | partial_rotary_factor 0.75 is not"
                        + " supported: whole heads are rotated"
            })
    void whatIsNotThereIsRefused(String written, String instead, String message) throws IOException {
        Files.copy(PHI3.resolve("model.safetensors"), directory.resolve("model.safetensors"));
        String json = Files.readString(PHI3.resolve("config.json"));
        assertTrue(json.contains(written), json);
        Files.writeString(directory.resolve("config.json"), json.replace(written, instead));
        UserException refused = assertThrows(UserException.class, () -> open(directory));
        assertTrue(refused.getMessage().endsWith(message), refused.getMessage());
    }
}
