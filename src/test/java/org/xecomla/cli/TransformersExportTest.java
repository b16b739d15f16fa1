package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@code export} writes, loaded by stock transformers or computed as its official code does, has the student's
 * logits.
 */
@Tag("python")
class TransformersExportTest {
    private static final String GOLDEN = "src/test/resources/golden/";

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
        check(fixture, "deepseek-v3", "DeepseekV3ForCausalLM");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mla-hybrid", "mla-gqa-tied-last", "mla-gqa-llama3rope-stride", "aligned-gqa-tied-r6-fold2"})
    void officialLayoutHoldsTheStudent(String fixture) throws Exception {
        check(fixture, "xecomla", "LlamaForCausalLM with the official code's layers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-gqa-llama3rope", "llama-bf16-sharded", "family-granite", "family-phi3"})
    void llamaStaysLlama(String fixture) throws Exception {
        check(fixture, "llama", "LlamaForCausalLM");
    }

    /**
     * bfloat16, as it is served: compared with what the project computes from the same export, and with the student
     * before its weights were rounded.
     */
    @Test
    void shardsInBfloat16Load() throws Exception {
        String export = directory.resolve("export").toString();
        CheckExport.run(
                "export",
                "--model",
                GOLDEN + "mla-gqa-tied-last",
                "--format",
                "deepseek-v3",
                "--max-shard-size",
                "40KB",
                "--out",
                export);
        assertTrue(Files.exists(directory.resolve("export/model.safetensors.index.json")));
        compare(export, export, "DeepseekV3ForCausalLM");
        compare(GOLDEN + "mla-gqa-tied-last", export, "DeepseekV3ForCausalLM");
    }

    private void check(String fixture, String format, String architecture) throws Exception {
        String model = GOLDEN + fixture;
        String export = directory.resolve("export").toString();
        CheckExport.run("export", "--model", model, "--format", format, "--dtype", "f32", "--out", export);
        compare(model, export, architecture);
    }

    private void compare(String model, String export, String architecture) throws Exception {
        String said = CheckExport.said(model, export, directory);
        assertTrue(said.contains(architecture + ": logits differ by"), said);
    }
}
