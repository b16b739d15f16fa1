package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.deepseek.DeepseekWriter;
import org.xecomla.formats.gguf.GgufType;
import org.xecomla.formats.gguf.GgufWriter;
import org.xecomla.formats.official.OfficialWriter;
import org.xecomla.formats.xecomla.XecomlaWriter;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.upcycle.base.BaseWeights;

/** Starts from bases some of whose layers are not rotated: SmolLM3. */
class UnrotatedStartTest {
    /** Two key heads; the second of its layers is not rotated. */
    private static final String FIXTURE = "family-smollm3";

    private static UpcyclePlan plan(ModelConfig model, String method, String layers, int rank) {
        Map<String, String> settings = Map.of(
                "upcycle.method",
                method,
                "upcycle.layers",
                layers,
                "upcycle.q-lora-rank",
                "none",
                "upcycle.kv-lora-rank",
                "" + rank);
        return UpcyclePlan.of(RunConfig.ofOverrides(settings).upcycle(), model);
    }

    private static double distance(Student student, BaseWeights base) {
        int[] ids = new Random(99).ints(23, 0, base.config().vocabSize()).toArray();
        try (Student same = Goldens.student(base, List.of())) {
            return Goldens.difference(Goldens.logits(student, ids, 1), Goldens.logits(same, ids, 1));
        }
    }

    private static double distance(String method, String layers, int rank) {
        ModelDirectory base = ModelDirectory.open(Goldens.path(FIXTURE));
        List<TokenSequence> text = IntStream.range(0, 64)
                .mapToObj(seed ->
                        TokenSequence.of(new Random(seed).ints(23, 0, 59).toArray()))
                .toList();
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                Student student = StudentInitializer.make(
                        base, plan(base.config(), method, layers, rank), () -> text, kernels, ElementType.DOUBLE)) {
            return distance(student, BaseWeights.of(base));
        }
    }

    /** The latent holds all keys and values, however many key heads there are: none need be shared to be rotated. */
    @ParameterizedTest
    @ValueSource(strings = {"aligned", "phased"})
    void aLayerThatIsNotRotatedIsReproducedExactly(String method) {
        assertEquals(0, distance(method, "[1]", 32), 1e-10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"xecomla", "aligned", "phased"})
    void moreRankIsNearer(String method) {
        double little = distance(method, "[0, 1]", 4);
        double much = distance(method, "[0, 1]", 24);
        assertTrue(much < 0.9 * little, much + " with rank 24, " + little + " with rank 4");
    }

    /** Rotated layers with one key head are reproduced at full rank too; xecomla picks planes, which moves them. */
    @ParameterizedTest
    @ValueSource(strings = {"xecomla", "aligned"})
    void oneKeyHeadOfFullRankIsReproducedExactly(String method) {
        AttentionConfig.Gqa rotated = new AttentionConfig.Gqa(3, 1, Starts.HEAD_DIM, RopeScaling.NONE);
        AttentionConfig.Gqa still = rotated.withRopeScaling(RopeScaling.UNROTATED);
        RandomBase drawn = RandomBase.of(rotated, 2, 5);
        List<AttentionConfig> layers = List.of(method.equals("xecomla") ? still : rotated, still);
        RandomBase base = new RandomBase(drawn.config().withAttention(layers), drawn.weights());
        List<int[]> windows = Stream.of(1, 2, 3, 4)
                .map(seed -> new Random(seed).ints(24, 0, 41).toArray())
                .toList();
        Calibration calibration = Goldens.calibration(base, windows);
        List<UpcycledLayer> made = plan(base.config(), method, "[0, 1]", 2 * Starts.HEAD_DIM).layers().stream()
                .map(layer -> StudentInitializer.layer(base, layer, calibration.layer(layer.layer())))
                .toList();
        try (Student student = Goldens.student(base, made)) {
            assertEquals(0, distance(student, base), 1e-10);
        }
    }

    @Test
    void nothingIsSpentOnARopeKeyThatDoesNotTurn() {
        ModelConfig base = ModelDirectory.open(Goldens.path(FIXTURE)).config();
        List<LayerPlan> layers = plan(base, "aligned", "[0, 1]", 8).layers();
        assertEquals(8, layers.get(0).qkRopeHeadDim());
        assertEquals(2, layers.get(1).qkRopeHeadDim());
        assertEquals(RopeScaling.UNROTATED, layers.get(1).ropeScaling());
    }

    @Test
    void formatsWhoseLayersAllTurnRefuseByName() {
        ModelConfig base = ModelDirectory.open(Goldens.path(FIXTURE)).config();
        ModelConfig student = plan(base, "xecomla", "[0, 1]", 8).student(base);
        for (ModelExport format : List.of(new DeepseekWriter(), new OfficialWriter(), new GgufWriter(GgufType.F32))) {
            refused("layer 1 of the student is not rotated", format, student);
        }
        ModelConfig hybrid = plan(base, "xecomla", "[0]", 8).student(base);
        refused("layer 1 of the student is not rotated", new OfficialWriter(), hybrid);
        refused("some layers of the model are not rotated", new GgufWriter(GgufType.F32), base);
        assertEquals(student, new XecomlaWriter().exported(student));
    }

    private static void refused(String what, ModelExport format, ModelConfig model) {
        ConfigException refusal = assertThrows(ConfigException.class, () -> format.exported(model));
        assertTrue(refusal.getMessage().contains(what), refusal.getMessage());
    }
}
