package org.xecomla.formats.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.WeightType;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.Models;
import org.xecomla.safetensors.Dtype;
import org.xecomla.serve.Exporter;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;

/** Keys and values that are products, written for those who know whole matrices only. */
class MultipliedOutTest {
    private static final AttentionConfig.Gqa FULL = new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, Biases.INPUTS);
    private static final ModelConfig MODEL = Models.of(true, List.of(new AttentionConfig.LowRankGqa(FULL, 5, 3), FULL));

    @TempDir
    private Path temporary;

    private ModelDirectory student() {
        org.apache.hadoop.fs.Path directory = DataFiles.path(temporary + "/student");
        try (ParameterStore weights = Models.weights(MODEL, ElementType.FLOAT, 1)) {
            ModelDirectory.save(directory, MODEL, weights, SaveOptions.of(Dtype.F32, directory));
        }
        return ModelDirectory.open(directory);
    }

    @Test
    void aLlamaOfWholeMatricesComputesTheSame() {
        ModelDirectory student = student();
        Exporter exporter = new Exporter(student, ExportConfig.Format.LLAMA, WeightType.F32);
        org.apache.hadoop.fs.Path directory = DataFiles.path(temporary + "/llama");
        exporter.write(directory, 1 << 20, Optional.empty(), Optional.empty(), Optional.empty());
        ModelDirectory made = ModelDirectory.open(directory);
        assertEquals(MODEL.withAttention(List.of(FULL, FULL)), made.config());
        assertTrue(exporter.notes().toString().contains("the cache is as large as the base's"));
        float[] down = student.read(ParameterNames.layer(0) + ParameterNames.V_A_PROJ); // (3, D)
        float[] up = student.read(ParameterNames.layer(0) + ParameterNames.V_B_PROJ); // (12, 3)
        float[] product = made.read(ParameterNames.layer(0) + ParameterNames.V_PROJ); // (12, D)
        int d = MODEL.hiddenSize();
        for (int i = 0; i < product.length; i++) {
            double sum = 0;
            for (int r = 0; r < 3; r++) {
                sum += (double) up[i / d * 3 + r] * down[r * d + i % d];
            }
            assertEquals(sum, product[i], 1e-6);
        }
        assertArrayEquals(
                student.read(ParameterNames.layer(0) + ParameterNames.bias(ParameterNames.K_B_PROJ)),
                made.read(ParameterNames.layer(0) + ParameterNames.bias(ParameterNames.K_PROJ)));
    }

    @ParameterizedTest
    @EnumSource(
            value = ExportConfig.Format.class,
            names = {"XECOMLA", "DEEPSEEK_V3"})
    void whoeverKnowsOneLatentOnlyRefusesTwo(ExportConfig.Format format) {
        Exporter exporter = new Exporter(student(), format, WeightType.F32);
        ConfigException refused = assertThrows(ConfigException.class, exporter::notes);
        assertTrue(refused.getMessage().contains("have a latent each"), refused.getMessage());
        assertTrue(refused.getMessage().contains("export it as native"), refused.getMessage());
    }
}
