package org.xecomla.formats.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;

/** Granite is read as a Llama, written as one, and is the same then. */
class GraniteMultipliersTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    private Path directory;

    private static ModelDirectory open(Path path) {
        return ModelDirectory.open(DataFiles.path(path.toString()));
    }

    /** The export carries no multiplier: its weights have them. */
    @ParameterizedTest
    @ValueSource(strings = {"family-granite", "family-granite-untied"})
    void isExportedAsTheLlamaThatItIsReadAs(String fixture) throws IOException {
        ModelDirectory granite = open(GOLDEN.resolve(fixture));
        new LlamaWriter()
                .write(
                        granite,
                        DataFiles.path(directory.toString()),
                        new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty()));
        String json = Files.readString(directory.resolve("config.json"));
        assertTrue(json.contains("LlamaForCausalLM") && !json.contains("multiplier"), json);
        ModelDirectory llama = open(directory);
        assertEquals(granite.config(), llama.config());
        for (String parameter : ParameterShapes.of(granite.config()).keySet()) {
            assertArrayEquals(granite.read(parameter), llama.read(parameter), parameter);
        }
    }

    @Test
    void untiedHeadsStayAsTheyAre() {
        ModelDirectory granite = open(GOLDEN.resolve("family-granite-untied"));
        assertFalse(granite.config().tieWordEmbeddings());
        assertEquals(1, granite.located(ParameterNames.HEAD).factor());
        assertEquals(1 / 1.7, granite.located(ParameterNames.FINAL_NORM).factor(), 1e-15);
        assertEquals(3, granite.located(ParameterNames.EMBEDDING).factor());
        String queries = ParameterNames.layer(1) + ParameterNames.Q_PROJ;
        assertEquals(0.25 * Math.sqrt(8), granite.located(queries).factor(), 1e-15);
        assertEquals(
                0.6,
                granite.located(ParameterNames.layer(0) + ParameterNames.bias(ParameterNames.DOWN_PROJ))
                        .factor());
    }

    @Test
    void multipliersArePositive() throws IOException {
        Path fixture = GOLDEN.resolve("family-granite");
        Files.copy(fixture.resolve("model.safetensors"), directory.resolve("model.safetensors"));
        String json = Files.readString(fixture.resolve("config.json"));
        Files.writeString(
                directory.resolve("config.json"),
                json.replace("\"residual_multiplier\": 0.6", "\"residual_multiplier\": 0"));
        ConfigException refused = assertThrows(ConfigException.class, () -> open(directory));
        assertTrue(
                refused.getMessage().endsWith("residual_multiplier 0 is not supported: positive numbers are"),
                refused.getMessage());
    }
}
