package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.xecomla.config.UpcycleConfig.Method;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.linalg.Matrix;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensors;
import org.xecomla.upcycle.base.MomentSums;

/**
 * Moments of gradients beside gradients of biases: where a loss is that of a first token alone, nothing but that
 * token's values has a gradient, and it is the bias's. (Keys are compared in fixtures.)
 */
class GradientSourceTest {
    private static final List<Integer> LAYERS = List.of(0, 1);
    private static final int[] IDS = {5, 7};
    private static final int[] LABELS = {7, -1};

    private static RandomBase base() {
        return RandomBase.of(new AttentionConfig.Gqa(4, 2, 8, RopeScaling.NONE, Biases.INPUTS), 2, 7);
    }

    private static Map<Integer, MomentSums> moments(RandomBase base, List<UpcycledLayer> layers, int... ids) {
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE)) {
            return GradientSource.of(base, layers)
                    .moments(layers::stream, List.of(TokenSequence.of(ids)), LAYERS, kernels);
        }
    }

    /** Of the layers' biases, by training all parameters. */
    private static Matrix gradient(Student student, String name) {
        ModelConfig config = student.config();
        ParameterLayout layout = CausalLm.layout(config, any -> true);
        CrossEntropy loss = new CrossEntropy(LABELS);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                ParameterStore gradients = Tensors.zerosOfTrainable(layout, ElementType.DOUBLE);
                CausalLm model = new CausalLm(config, student.weights(), gradients, kernels, IDS.length);
                Arena arena = Arena.of(kernels, 1 << 20)) {
            model.lossAndGradients(IDS, Sequences.of(1, IDS.length), loss, arena);
            double[] values = gradients.get(name).toDoubles();
            return Matrix.of(1, values.length, values); // (1, n)
        }
    }

    private static void assertOuter(Matrix gradient, MomentSums sums, int kind) {
        Matrix expected = gradient.transposeTimes(gradient); // (n, n)
        Matrix off = sums.sums().get(kind).minus(expected);
        assertEquals(0, off.frobeniusNorm() / expected.frobeniusNorm(), 1e-10);
        assertEquals(IDS.length, sums.numTokens());
    }

    @Test
    void valuesOfTheBase() {
        RandomBase base = base();
        Map<Integer, MomentSums> moments = moments(base, List.of(), IDS);
        try (Student same = Goldens.student(base, List.of())) {
            for (int layer : LAYERS) {
                String bias = ParameterNames.layer(layer) + ParameterNames.bias(ParameterNames.V_PROJ);
                assertOuter(gradient(same, bias), moments.get(layer), 1);
            }
        }
    }

    @Test
    void latentsOfAStudent() {
        RandomBase base = base();
        List<UpcycledLayer> layers = Starts.layers(
                base, Starts.plan(Method.ALIGNED, Integer.MAX_VALUE, null, RopeRows.FOLD, RopeScaling.NONE));
        Map<Integer, MomentSums> moments = moments(base, layers, IDS);
        try (Student student = Goldens.student(base, layers)) {
            for (int layer : LAYERS) {
                int rank = layers.get(layer).attention().kvLoraRank();
                String bias = ParameterNames.layer(layer) + ParameterNames.bias(ParameterNames.KV_A_PROJ);
                assertOuter(gradient(student, bias).cols(0, rank), moments.get(layer), 1);
            }
        }
    }

    /** A window's loss is a mean, so that a long window counts no more than a short one. */
    @Test
    void windowsAreAddedUp() {
        RandomBase base = base();
        MomentSums one = moments(base, List.of(), 3, 1, 4, 1, 5).get(1);
        MomentSums other = moments(base, List.of(), 9, 2, 6).get(1);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE)) {
            List<TokenSequence> windows =
                    List.of(TokenSequence.of(new int[] {3, 1, 4, 1, 5}), TokenSequence.of(new int[] {9, 2, 6}));
            MomentSums both = GradientSource.of(base, List.of())
                    .moments(Stream::empty, windows, LAYERS, kernels)
                    .get(1);
            assertEquals(8, both.numTokens());
            for (int kind = 0; kind < 2; kind++) {
                assertArrayEquals(
                        one.plus(other).mean(kind).toDoubles(), both.mean(kind).toDoubles(), 1e-12);
            }
        }
    }
}
