package org.xecomla.formats.deepseek;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.Models;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Goldens;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.Integers;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;

/** An export computes what the student computes. */
public class DeepseekWriterTest {
    private static final int B = 3;
    private static final int T = 23;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mla-serving",
                "mla-gqa-tied-last",
                "mla-gqa-llama3rope-stride",
                "aligned-gqa-tied-r8-fold1",
                "aligned-gqa-tied-r8-fold1-norm",
                "aligned-gqa-llama3rope-r24-fold1-norm"
            })
    void logitsAreTheStudents(String fixture) {
        ModelDirectory student = open(fixture);
        org.apache.hadoop.fs.Path out = DataFiles.path(directory.toString());
        new DeepseekWriter().write(student, out, SaveOptions.of(Dtype.F32, student.path()));
        ModelDirectory export = ModelDirectory.open(out);
        assertEquals(1e-6, export.config().rmsNormEps());
        int[] ids = Integers.of(Goldens.expected(fixture), "input_ids");
        double error = Goldens.relativeError(logits(export, ids), logits(student, ids));
        assertTrue(error < 1e-5, fixture + ": logits differ by " + error);
    }

    @Test
    void whatDeepseekCannotComputeIsRefused() {
        org.apache.hadoop.fs.Path out = DataFiles.path(directory.toString());
        ModelDirectory hybrid = open("mla-hybrid");
        assertThrows(ConfigException.class, () -> new DeepseekWriter()
                .write(hybrid, out, SaveOptions.of(Dtype.F32, hybrid.path())));
        ModelDirectory normFree = open("mla-gqa-tied-last");
        assertThrows(ConfigException.class, () -> new DeepseekWriter()
                .write(normFree, out, SaveOptions.of(Dtype.F16, normFree.path())));
    }

    @Test
    void biasesHaveNoPlace() {
        AttentionConfig layer =
                Models.biased(Models.mla(0, 7, false, false, RopeScaling.NONE), AttentionConfig.Biases.INPUTS);
        ConfigException refusal =
                assertThrows(ConfigException.class, () -> new DeepseekWriter().notes(Models.of(false, List.of(layer))));
        assertEquals(
                "the student's projections have biases, as its base's have, and deepseek-v3 has no place for them:"
                        + " export it as native",
                refusal.getMessage());
    }

    @Test
    void lengthsOfKeysHaveNoPlace() {
        AttentionConfig.HeadNorm norm = new AttentionConfig.HeadNorm(AttentionConfig.NormScope.HEAD, 1e-5);
        AttentionConfig layer = new AttentionConfig.Mla(
                4,
                0,
                7,
                3,
                6,
                5,
                false,
                false,
                RopeScaling.NONE,
                0.375,
                AttentionConfig.Biases.NONE,
                new AttentionConfig.KeyScales(2, norm));
        ConfigException refusal =
                assertThrows(ConfigException.class, () -> new DeepseekWriter().notes(Models.of(false, List.of(layer))));
        assertEquals(
                "the student's base normalises queries and keys, for which its scores are multiplied by lengths that it"
                        + " caches, and deepseek-v3 has no place for them: export it as native",
                refusal.getMessage());
    }

    private static ModelDirectory open(String fixture) {
        return ModelDirectory.open(DataFiles.path("src/test/resources/golden/" + fixture));
    }

    public static double[] logits(ModelDirectory directory, int[] ids) {
        try (Kernels kernels = new CpuKernels(1);
                LoadedModel loaded = LoadedModel.open(directory, kernels, T)) {
            CausalLm model = loaded.model();
            long size = model.arenaBytes((m, arena) -> m.hiddenStates(ids, B, arena, null));
            Tensor logits =
                    Tensors.zeros(ElementType.FLOAT, B * T, model.config().vocabSize()); // (B*T, V)
            try (Arena arena = Arena.of(kernels, size)) {
                model.logits(model.hiddenStates(ids, B, arena, null), logits);
                return logits.toDoubles();
            } finally {
                logits.storage().close();
            }
        }
    }
}
