package org.xecomla.formats.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;

/** Families whose files hold other tensors than Llama's are read as a Llama, written as one, and are the same then. */
class FamilyExportTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @TempDir
    private Path directory;

    private static ModelDirectory open(Path path) {
        return ModelDirectory.open(DataFiles.path(path.toString()));
    }

    /** The export carries no multiplier: its weights have them. */
    @ParameterizedTest
    @ValueSource(strings = {"family-granite", "family-granite-untied", "family-phi3"})
    void isExportedAsTheLlamaThatItIsReadAs(String fixture) throws IOException {
        ModelDirectory family = open(GOLDEN.resolve(fixture));
        SaveOptions options = new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty());
        new LlamaWriter().write(family, DataFiles.path(directory.toString()), options);
        String json = Files.readString(directory.resolve("config.json"));
        assertTrue(json.contains("LlamaForCausalLM") && !json.contains("multiplier"), json);
        ModelDirectory llama = open(directory);
        assertEquals(family.config(), llama.config());
        for (String parameter : ParameterShapes.of(family.config()).keySet()) {
            assertArrayEquals(family.read(parameter), llama.read(parameter), parameter);
        }
    }
}
