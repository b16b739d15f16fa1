package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
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
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.RankPolicy;

/** Starts from bases with biases: Qwen2's of queries, keys and values, Llama's of the output too. */
class BiasedStartTest {
    private static final int HEAD_DIM = Starts.HEAD_DIM;

    private static RandomBase base(int numHeads, int numKvHeads, Biases biases) {
        return RandomBase.of(new AttentionConfig.Gqa(numHeads, numKvHeads, HEAD_DIM, RopeScaling.NONE, biases), 2, 5);
    }

    private static List<UpcycledLayer> layers(RandomBase base, Method method, int kvRank, RankPolicy queryRank) {
        return Starts.layers(base, Starts.plan(method, kvRank, queryRank, RopeRows.FOLD, RopeScaling.NONE));
    }

    static Stream<Arguments> methodsAndBiases() {
        return Stream.of(Method.ALIGNED, Method.PHASED)
                .flatMap(method -> Stream.of(Biases.INPUTS, Biases.ALL).map(biases -> Arguments.of(method, biases)));
    }

    @ParameterizedTest
    @MethodSource("methodsAndBiases")
    void oneKeyHeadOfFullRankIsReproducedExactly(Method method, Biases biases) {
        RandomBase base = base(3, 1, biases);
        List<UpcycledLayer> layers = layers(base, method, HEAD_DIM, null);
        assertEquals(biases, layers.get(0).attention().biases());
        assertEquals(0, Starts.distance(base, layers), 1e-12);
        // queries have rank 24, of weights and biases together
        assertEquals(0, Starts.distance(base, layers(base, method, HEAD_DIM, new RankPolicy.Fixed(24))), 1e-11);
    }

    /** What is cut counts the biases among what the inputs bring: a start from this base is nearer than none. */
    @ParameterizedTest
    @MethodSource("methodsAndBiases")
    void moreRankIsNearer(Method method, Biases biases) {
        RandomBase base = base(4, 2, biases);
        double little = Starts.distance(base, layers(base, method, 4, null));
        double much = Starts.distance(base, layers(base, method, 24, null));
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
