package org.xecomla.formats.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;

/** Granite is read as a Llama, written as one, and is the same then. */
class GraniteMultipliersTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    private Path directory;

    private static ModelDirectory open(Path path) {
        return ModelDirectory.open(DataFiles.path(path.toString()));
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
