package org.xecomla.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.WeightType;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.Models;
import org.xecomla.formats.RoundTrip;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Goldens;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.Integers;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;

/** What is written computes what the model computes, and comes back. */
class GgufWriterTest {
    private static final int B = 3;
    private static final int T = 23;

    @TempDir
    private Path directory;

    /** The bound of each type is a few of its rounding errors. */
    @ParameterizedTest
    @CsvSource({
        "mla-serving, F32, 1e-5",
        "mla-gqa-tied-last, F32, 2e-4",
        "mla-gqa-tied-last, BF16, 2e-2",
        "mla-gqa-tied-last, Q8_0, 2e-2",
        "aligned-gqa-tied-r8-fold1, F32, 2e-4",
        "aligned-gqa-tied-r8-fold1, Q8_0, 2e-2",
        "aligned-gqa-tied-r8-fold1-norm, F32, 1e-5",
        "mla-gqa-llama3rope-stride, F32, 2e-4",
        "llama-gqa-llama3rope, F32, 1e-5",
        "llama-gqa-tied, Q8_0, 2e-2",
        "family-qwen2, F32, 1e-5",
        "family-llama-biases, F32, 1e-5",
        "family-granite, F32, 1e-5",
        "family-phi3, F32, 1e-5"
    })
    void logitsAreTheModels(String fixture, GgufType type, double bound) {
        ModelDirectory model = open(fixture);
        GgufModel written = written(model, type);
        int[] ids = Integers.of(Goldens.expected(fixture), "input_ids");
        double error = Goldens.relativeError(logits(written, ids), logits(model, ids));
        assertTrue(error < bound, fixture + ": logits differ by " + error);
    }

    static Stream<ModelConfig> forms() {
        AttentionConfig latent =
                new AttentionConfig.Mla(4, 0, 7, 3, 6, 5, false, true, RopeScaling.NONE, Math.pow(9, -0.5));
        AttentionConfig lowRank =
                new AttentionConfig.Mla(4, 9, 7, 3, 6, 5, true, true, RopeScaling.NONE, Math.pow(9, -0.5));
        AttentionConfig grouped = Models.gqa(2, 6, RopeScaling.NONE);
        AttentionConfig biased = Models.biased(grouped, AttentionConfig.Biases.ALL);
        return Stream.of(
                model(latent, 1e-6),
                model(lowRank, 1e-6),
                model(grouped, 1e-5),
                Models.withMlpBias(model(biased, 1e-5)));
    }

    private static ModelConfig model(AttentionConfig layer, double eps) {
        return new ModelConfig(12, 20, 31, 512, eps, 5e5, false, 1, 2, Collections.nCopies(2, layer));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyFormComesBack(ModelConfig model) {
        try (ParameterStore saved = Models.weights(model, ElementType.FLOAT, 1)) {
            ModelSource source = RoundTrip.source(model, saved);
            assertEquals(model, new GgufWriter(GgufType.F32).exported(model));
            GgufModel opened = written(source, GgufType.F32);
            assertEquals(model, opened.config());
            for (String parameter : saved.layout().places().keySet()) {
                assertArrayEquals(saved.get(parameter).toFloats(), opened.read(parameter), parameter);
            }
        }
    }

    /** YaRN's factor on cos and sin moves into the queries, and its square into the scale of the scores. */
    @Test
    void yarnIsTheStudents() {
        RopeScaling yarn = new RopeScaling.Yarn(8, 64, 32, 1, 1, 0);
        for (AttentionConfig layer : List.of(
                Models.mla(0, 7, false, false, yarn), Models.gqa(2, 6, yarn), Models.mla(5, 7, true, true, yarn))) {
            ModelConfig model = model(layer, 1e-5);
            try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 3)) {
                ModelSource source = RoundTrip.source(model, weights);
                int[] ids = new int[B * T];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = i * i % 29;
                }
                double error = Goldens.relativeError(logits(written(source, GgufType.F32), ids), logits(source, ids));
                assertTrue(error < 3e-4, layer + ": logits differ by " + error);
            }
        }
        assertFalse(GgufShape.needsBetas(yarn));
        assertTrue(new GgufWriter(GgufType.F32)
                .notes(model(Models.mla(0, 7, false, false, new RopeScaling.Yarn(8, 64, 4, 2, 1, 0)), 1e-5))
                .contains("llama-server -m model.gguf --yarn-beta-fast 4.0 --yarn-beta-slow 2.0"));
    }

    /** 16-bit scales of quantised rows hold every latent row: its smallness stands in the norm. */
    @Test
    void smallLatentsSurviveQuantisation() {
        written(open("mla-gqa-tied-last"), GgufType.F32);
        GgufFile file =
                GgufFile.open(DataFiles.path(directory.resolve(GgufWriter.FILE).toString()));
        float[] norm = file.read("blk.0.attn_norm.weight");
        float[] down = file.read("blk.0.attn_kv_a_mqa.weight");
        for (int row = 0; row < down.length; row += norm.length) {
            float largest = 0;
            for (int c = 0; c < norm.length; c++) {
                largest = Math.max(largest, Math.abs(down[row + c]));
            }
            float scale = largest / 127;
            assertEquals(scale, Dtype.halfToFloat(Dtype.floatToHalf(scale)), 0.01 * scale);
        }
        assertTrue(Math.abs(norm[0]) < 0.01, "norm " + norm[0]);
    }

    @Test
    void whatLlamaCppCannotComputeIsRefused() {
        assertEquals(
                "layer 0 of the student is grouped-query attention, and every layer of llama.cpp's deepseek2 is latent:"
                        + " hybrids have no gguf export",
                refusal(open("mla-hybrid").config()));
        AttentionConfig biased =
                Models.biased(Models.mla(0, 7, false, false, RopeScaling.NONE), AttentionConfig.Biases.INPUTS);
        assertEquals(
                "the student's projections have biases, as its base's have, and gguf has no place for them: export it"
                        + " as native",
                refusal(Models.of(false, List.of(biased))));
        assertEquals(
                "llama.cpp's deepseek2 computes plain rope and YaRN, and the student's is Llama3: make the student with"
                        + " upcycle.rope-scaling = yarn",
                refusal(Models.of(false, List.of(Models.mla(0, 7, false, false, Models.LLAMA3)))));
        assertThrows(ConfigException.class, () -> GgufType.of(WeightType.F16));
        assertThrows(ConfigException.class, () -> Dtype.of(WeightType.Q8_0));
    }

    /** Nothing of that name is there where the writing ends half-way. */
    @Test
    void halfAFileIsNone() {
        ModelConfig model = model(Models.gqa(2, 6, RopeScaling.NONE), 1e-5);
        try (ParameterStore weights = Models.weights(model, ElementType.FLOAT, 1)) {
            weights.get("model.norm.weight").set(0, 3, Double.NaN);
            UserException broken =
                    assertThrows(UserException.class, () -> written(RoundTrip.source(model, weights), GgufType.F32));
            assertTrue(broken.getMessage().startsWith("tensor output_norm.weight holds NaN"), broken.getMessage());
        }
        assertFalse(Files.exists(directory.resolve(GgufWriter.FILE)));
    }

    private static String refusal(ModelConfig model) {
        return assertThrows(ConfigException.class, () -> new GgufWriter(GgufType.F32).notes(model))
                .getMessage();
    }

    private GgufModel written(ModelSource model, GgufType type) {
        org.apache.hadoop.fs.Path out = DataFiles.path(directory.toString());
        Path tokenizer = ToyTokenizer.write(ToyTokenizer.json(model.config()), directory);
        Optional<org.apache.hadoop.fs.Path> from = Optional.of(DataFiles.path(tokenizer.toString()));
        new GgufWriter(type).write(model, out, new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, from));
        return GgufModel.open(new org.apache.hadoop.fs.Path(out, GgufWriter.FILE));
    }

    private static ModelDirectory open(String fixture) {
        return ModelDirectory.open(DataFiles.path("src/test/resources/golden/" + fixture));
    }

    private static double[] logits(ModelSource source, int[] ids) {
        try (Kernels kernels = new CpuKernels(1);
                ParameterStore weights =
                        Tensors.zeros(CausalLm.layout(source.config(), name -> false), ElementType.FLOAT)) {
            weights.layout().places().keySet().forEach(name -> source.load(name, weights.get(name)));
            try (CausalLm model = new CausalLm(source.config(), weights, null, kernels, T)) {
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
}
