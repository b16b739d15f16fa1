package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.SoftTargets;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.optim.AdamW;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensors;

/** Partial rope a key head: what stays zero in training, what is saved, how the budget is spent, what is refused. */
class Mha2MlaStartTest {
    private static final int LENGTH = 16;
    private static final int NOPE = 4;
    private static final int ROPE = 8; // 2 key heads of 4 rotated dimensions

    @TempDir
    private Path temporary;

    private static RandomBase base(Biases biases, AttentionConfig.HeadNorm norm) {
        return RandomBase.of(new AttentionConfig.Gqa(4, 2, 8, RopeScaling.NONE, biases, norm), 2, 7);
    }

    private static UpcyclePlan plan(RandomBase base, String... settings) {
        Map<String, String> overrides = new HashMap<>(Map.of("upcycle.method", "mha2mla"));
        for (String setting : settings) {
            int at = setting.indexOf('=');
            overrides.put(setting.substring(0, at), setting.substring(at + 1));
        }
        return UpcyclePlan.of(RunConfig.ofOverrides(overrides).upcycle(), base.config());
    }

    private static Student student(RandomBase base, UpcyclePlan plan) {
        return Goldens.student(
                base,
                plan.layers().stream()
                        .map(layer -> StudentInitializer.layer(base, layer, null))
                        .toList(),
                ElementType.FLOAT);
    }

    /** Three steps of AdamW with weight decay, as a run that starts anew from what was saved makes them. */
    private static void train(Student student) {
        int[] ids = new Random(3).ints(LENGTH, 0, student.config().vocabSize()).toArray();
        CrossEntropy loss = new CrossEntropy(SoftTargets.nextTokens(ids, 1));
        try (Kernels kernels = new NaiveKernels(ElementType.FLOAT);
                ParameterStore gradients =
                        Tensors.zerosOfTrainable(student.weights().layout(), ElementType.FLOAT);
                CausalLm model = new CausalLm(student.config(), student.weights(), gradients, kernels, LENGTH);
                AdamW adamW = new AdamW(student.weights().layout(), kernels, new AdamW.Settings(0.9, 0.95, 1e-8, 0.1));
                Arena arena = Arena.of(
                        kernels,
                        model.arenaBytes((m, a) -> m.lossAndGradients(ids, Sequences.of(1, LENGTH), loss, a)))) {
            for (int step = 0; step < 3; step++) {
                gradients.segments().forEach(segment -> kernels.elementwise().fill(segment, 0));
                model.lossAndGradients(ids, Sequences.of(1, LENGTH), loss, arena);
                adamW.step(student.weights(), gradients, 1e-2, 1, kernels);
            }
        }
    }

    /** Of all layers' queries: elements that look at rope keys of other key heads, and are not zero. */
    private static long numForeign(Student student) {
        long number = 0;
        for (int l = 0; l < student.config().numLayers(); l++) {
            var query = student.weights().get(ParameterNames.layer(l) + ParameterNames.Q_PROJ);
            double[] values = query.toDoubles(); // (H*(N+P), D)
            for (int row = 0; row < query.rows(); row++) {
                int head = row / (NOPE + ROPE);
                int i = row % (NOPE + ROPE) - NOPE; // plane i modulo P/2, two planes a key head
                if (i >= 0 && i % (ROPE / 2) / 2 != head / 2) {
                    int from = row * query.cols();
                    number += IntStream.range(from, from + query.cols())
                            .filter(at -> values[at] != 0)
                            .count();
                }
            }
        }
        return number;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void zerosStayZeroInTrainingUnlessTheyAreToLearn(boolean dense) {
        RandomBase base = base(Biases.NONE, null);
        UpcyclePlan plan = plan(
                base,
                "mha2mla.selection=uniform",
                "upcycle.qk-rope-head-dim=4",
                "upcycle.kv-budget=0.5",
                "mha2mla.dense-rope-queries=" + dense);
        var directory = DataFiles.path(temporary.toString());
        try (Student student = student(base, plan);
                ParameterStore read = Tensors.zeros(student.weights().layout(), ElementType.FLOAT)) {
            assertEquals(0, numForeign(student));
            float[] before = own(student);
            train(student);
            ModelDirectory.save(directory, student.config(), student.weights(), SaveOptions.of(Dtype.F32, directory));
            ModelDirectory saved = ModelDirectory.open(directory);
            assertEquals(student.config(), saved.config());
            saved.load(read);
            Student resumed = new Student(saved.config(), read, student.report());
            train(resumed);
            int size = 2 * 4 * ROPE / 2 * base.config().hiddenSize();
            assertEquals(dense ? size : 0, numForeign(resumed));
            float[] after = own(resumed);
            assertTrue(IntStream.range(0, ROPE / 4).allMatch(i -> before[i] != after[i]));
        }
    }

    /** The rows of the first head's first rotated planes, in layer 0. */
    private static float[] own(Student student) {
        return student.weights()
                .get(ParameterNames.layer(0) + ParameterNames.Q_PROJ)
                .rows(NOPE, NOPE + 2)
                .toFloats();
    }

    @ParameterizedTest
    @CsvSource({"0.25, joint, 2, 4, 0", "0.5, joint, 4, 8, 0", "0.5, split, 4, 8, 4", "0.28, split, 2, 5, 2"})
    void theBudgetIsWhatIsCached(double budget, String latent, int ropeDim, int rank, int keyRank) {
        RandomBase base = base(Biases.NONE, null);
        UpcyclePlan plan =
                plan(base, "mha2mla.selection=low", "mha2mla.latent=" + latent, "upcycle.kv-budget=" + budget);
        LayerPlan layer = plan.layers().get(0);
        assertEquals(2 * ropeDim, layer.qkRopeHeadDim());
        assertEquals(rank, layer.mha2mla().rank());
        assertEquals(keyRank, layer.mha2mla().keyRank());
        assertEquals(2 * (2 * ropeDim + rank), plan.student(base.config()).kvElementsPerToken());
        try (Student student = student(base, plan)) {
            assertEquals(2 * (2 * ropeDim + rank), student.config().kvElementsPerToken());
        }
    }

    private static void refused(RandomBase base, String part, String... settings) {
        ConfigException refused = assertThrows(ConfigException.class, () -> plan(base, settings));
        assertTrue(refused.getMessage().contains(part), refused.getMessage());
    }

    @Test
    void whatDoesNotGoWithItIsRefused() {
        RandomBase plain = base(Biases.NONE, null);
        refused(base(Biases.INPUTS, null), "has no place for the biases");
        refused(base(Biases.NONE, new AttentionConfig.HeadNorm(NormScope.HEAD, 1e-5)), "normalises queries and keys");
        AttentionConfig.Gqa unrotated = new AttentionConfig.Gqa(4, 2, 8, RopeScaling.UNROTATED, Biases.NONE, null);
        refused(RandomBase.of(unrotated, 2, 7), "rotates none");
        refused(plain, "upcycle.kv-norm does not go", "upcycle.kv-norm=true");
        refused(plain, "upcycle.q-lora-rank does not go", "upcycle.q-lora-rank=8");
        refused(plain, "leaves nothing of a head", "upcycle.qk-rope-head-dim=8");
        refused(plain, "does not divide", "upcycle.qk-rope-head-dim=6", "mha2mla.selection=uniform");
        refused(plain, "not below the distance", "mha2mla.uniform-start=4", "mha2mla.selection=uniform");
        refused(plain, "set it to 0", "mha2mla.uniform-start=1");
        refused(plain, "leaves no room", "upcycle.kv-budget=0.1");
        refused(plain, "above the possible", "upcycle.kv-lora-rank=99");
        refused(plain, "section mha2mla is of", "upcycle.method=xecomla", "mha2mla.latent=split");
        refused(plain, "upcycle.factors = weight does not go", "upcycle.factors=weight");
    }

    @Test
    void onlyNormsNeedText() {
        RandomBase base = base(Biases.NONE, null);
        UpcyclePlan plan = plan(base);
        ConfigException refused = assertThrows(ConfigException.class, () -> plan.requireCalibration(false));
        assertTrue(refused.getMessage().contains("mha2mla.selection = uniform"), refused.getMessage());
        plan(base, "mha2mla.selection=high").requireCalibration(false);
        assertEquals(
                "upcycle.method = mha2mla", plan.ownFrequencies(base.config()).orElseThrow());
    }
}
