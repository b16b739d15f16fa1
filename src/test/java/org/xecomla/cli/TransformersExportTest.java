package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stock transformers loads what {@code export} writes and computes the student's logits. */
@Tag("python")
class TransformersExportTest {
    private static final String IDS = "1,5,9,2,7,3,8,4,6";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mla-serving",
                "mla-gqa-tied-last",
                "mla-gqa-llama3rope-stride",
                "aligned-gqa-tied-r8-fold1",
                "aligned-gqa-llama3rope-r24-fold1-norm"
            })
    void computesTheStudentsLogits(String fixture) throws Exception {
        String model = "src/test/resources/golden/" + fixture;
        String export = directory.resolve("export").toString();
        String logits = directory.resolve("logits.safetensors").toString();
        run("export", "--model", model, "--format", "deepseek-v3", "--dtype", "f32", "--out", export);
        run("logits", "--model", model, "--ids", IDS, "--out", logits);
        Process check = new ProcessBuilder("submit/check-export", export, logits, IDS)
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, check.waitFor(), said);
        assertTrue(said.contains("DeepseekV3ForCausalLM"), said);
    }

    private static void run(String... arguments) {
        assertEquals(0, Main.commandLine().execute(arguments));
    }
}
