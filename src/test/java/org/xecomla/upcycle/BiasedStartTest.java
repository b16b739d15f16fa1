package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.UpcycleConfig.Method;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.slots.PhasedPlan;
import org.xecomla.upcycle.slots.RopeSlot;

/** Starts from bases with biases: Qwen2's of queries, keys and values, Llama's of the output too. */
class BiasedStartTest {
    private static final int HEAD_DIM = 8;

    private static RandomBase base(int numHeads, int numKvHeads, Biases biases) {
        return RandomBase.of(new AttentionConfig.Gqa(numHeads, numKvHeads, HEAD_DIM, RopeScaling.NONE, biases), 2, 5);
    }

    private static LayerPlan plan(Method method, int kvRank, RankPolicy queryRank) {
        List<Double> frequencies =
                RopeFrequencies.of(HEAD_DIM, 10000, RopeScaling.NONE).inverse();
        List<RopeSlot> slots = IntStream.range(0, HEAD_DIM / 2)
                .mapToObj(j -> new RopeSlot(List.of(j), 0, frequencies.get(j)))
                .toList();
        PhasedPlan phased = method == Method.PHASED ? new PhasedPlan(slots, 0.4, true) : null;
        return new LayerPlan(
                0,
                method,
                new RankPolicy.Fixed(kvRank),
                queryRank,
                HEAD_DIM,
                HEAD_DIM,
                RopeRows.FOLD,
                SingularValues.DOWN,
                false,
                phased == null ? RopeScaling.NONE : phased.ropeScaling(),
                phased);
    }

    private static int[] ids(RandomBase base, int seed) {
        return new Random(seed).ints(24, 0, base.config().vocabSize()).toArray();
    }

    private static List<UpcycledLayer> layers(RandomBase base, LayerPlan plan) {
        List<int[]> windows =
                IntStream.range(0, 12).mapToObj(seed -> ids(base, seed)).toList();
        Calibration calibration = Goldens.calibration(base, windows);
        return IntStream.range(0, 2)
                .mapToObj(l -> StudentInitializer.layer(base, plan.ofLayer(l), calibration.layer(l)))
                .toList();
    }

    private static double[] logits(RandomBase base, List<UpcycledLayer> layers) {
        try (Student student = Goldens.student(base, layers)) {
            return Goldens.logits(student, ids(base, 99), 1);
        }
    }

    private static double distance(RandomBase base, List<UpcycledLayer> layers) {
        return Goldens.difference(logits(base, layers), logits(base, List.of()));
    }

    static Stream<Arguments> methodsAndBiases() {
        return Stream.of(Method.ALIGNED, Method.PHASED)
                .flatMap(method -> Stream.of(Biases.INPUTS, Biases.ALL).map(biases -> Arguments.of(method, biases)));
    }

    @ParameterizedTest
    @MethodSource("methodsAndBiases")
    void oneKeyHeadOfFullRankIsReproducedExactly(Method method, Biases biases) {
        RandomBase base = base(3, 1, biases);
        List<UpcycledLayer> layers = layers(base, plan(method, HEAD_DIM, null));
        assertEquals(biases, layers.get(0).attention().biases());
        assertEquals(0, distance(base, layers), 1e-12);
        // queries have rank 24, of weights and biases together
        assertEquals(0, distance(base, layers(base, plan(method, HEAD_DIM, new RankPolicy.Fixed(24)))), 1e-11);
    }

    /** What is cut counts the biases among what the inputs bring: a start from this base is nearer than none. */
    @ParameterizedTest
    @MethodSource("methodsAndBiases")
    void moreRankIsNearer(Method method, Biases biases) {
        RandomBase base = base(4, 2, biases);
        double little = distance(base, layers(base, plan(method, 4, null)));
        double much = distance(base, layers(base, plan(method, 24, null)));
        assertTrue(much < 0.9 * little, much + " with rank 24, " + little + " with rank 4");
    }

    @Test
    void thePapersStartHoldsEveryBias() {
        RandomBase base = base(4, 2, Biases.INPUTS);
        LayerPlan plan = new LayerPlan(
                0,
                Method.XECOMLA,
                new RankPolicy.Fixed(32),
                null,
                HEAD_DIM,
                4,
                RopeRows.LAST,
                SingularValues.DOWN,
                false,
                RopeScaling.NONE,
                null);
        UpcycledLayer layer = StudentInitializer.layer(base, plan, null);
        String prefix = "model.layers.0.self_attn.";
        Matrix bias = layer.tensors().get(prefix + "kv_a_proj_with_mqa.bias"); // (1, R+P)
        Matrix up = layer.tensors().get(prefix + "kv_b_proj.weight"); // (H*(N+E), R)
        double[] made = up.timesTranspose(bias.cols(0, 32)).toDoubles(); // (H*(N+E))
        float[] keys = base.read(prefix + "k_proj.bias");
        float[] values = base.read(prefix + "v_proj.bias");
        double[] expected = IntStream.range(0, 4 * 2 * HEAD_DIM)
                .mapToDouble(row -> {
                    int at = row / (2 * HEAD_DIM) / 2 * HEAD_DIM + row % HEAD_DIM;
                    return row % (2 * HEAD_DIM) < HEAD_DIM ? keys[at] : values[at];
                })
                .toArray();
        assertArrayEquals(expected, made, 1e-12);
    }
}
