package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.UpcycleConfig.Method;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.upcycle.slots.PhasedPlan;
import org.xecomla.upcycle.slots.RopeSlot;

/** Starts from bases that normalise queries and keys, head by head as Qwen3 or over whole tokens. */
class NormedStartTest {
    private static final int HEAD_DIM = 8;
    private static final RopeScaling YARN = new RopeScaling.Yarn(4, 32, 32, 1, 1, 0);

    private static RandomBase base(int numHeads, int numKvHeads, NormScope scope, Biases biases, RopeScaling rope) {
        AttentionConfig.HeadNorm norm = new AttentionConfig.HeadNorm(scope, 1e-2);
        return RandomBase.of(new AttentionConfig.Gqa(numHeads, numKvHeads, HEAD_DIM, rope, biases, norm), 2, 5);
    }

    private static LayerPlan plan(Method method, int kvRank, RankPolicy queryRank, RopeScaling rope) {
        boolean xecomla = method == Method.XECOMLA;
        List<Double> frequencies = RopeFrequencies.of(HEAD_DIM, 10000, rope).inverse();
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
                xecomla ? RopeRows.STRIDE : RopeRows.FOLD,
                SingularValues.DOWN,
                false,
                phased == null ? rope : phased.ropeScaling(),
                phased);
    }

    private static int[] ids(RandomBase base, int seed) {
        return new Random(seed).ints(24, 0, base.config().vocabSize()).toArray();
    }

    private static double distance(RandomBase base, LayerPlan plan) {
        List<int[]> windows =
                IntStream.range(0, 12).mapToObj(seed -> ids(base, seed)).toList();
        Calibration calibration = Goldens.calibration(base, windows);
        List<UpcycledLayer> layers = IntStream.range(0, 2)
                .mapToObj(l -> StudentInitializer.layer(base, plan.ofLayer(l), calibration.layer(l)))
                .toList();
        try (Student student = Goldens.student(base, layers);
                Student same = Goldens.student(base, List.of())) {
            return Goldens.difference(
                    Goldens.logits(student, ids(base, 99), 1), Goldens.logits(same, ids(base, 99), 1));
        }
    }

    static Stream<Arguments> methods() {
        return Arrays.stream(Method.values())
                .flatMap(method -> Arrays.stream(NormScope.values()).map(scope -> Arguments.of(method, scope)));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void oneKeyHeadOfFullRankIsReproducedExactly(Method method, NormScope scope) {
        for (Biases biases : List.of(Biases.NONE, Biases.ALL)) {
            RandomBase base = base(3, 1, scope, biases, RopeScaling.NONE);
            // keys and values have rank 16, and xecomla cuts both, where the others leave no keys to cut
            int rank = method == Method.XECOMLA ? 2 * HEAD_DIM : HEAD_DIM;
            assertEquals(0, distance(base, plan(method, rank, null, RopeScaling.NONE)), 1e-11);
            RankPolicy allQueries = new RankPolicy.Fixed(3 * HEAD_DIM);
            assertEquals(0, distance(base, plan(method, rank, allQueries, RopeScaling.NONE)), 1e-10);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void yarnsFactorIsReproducedToo(Method method, NormScope scope) {
        RandomBase base = base(3, 1, scope, Biases.NONE, YARN);
        if (method != Method.PHASED) { // whose slots list their frequencies
            assertEquals(0, distance(base, plan(method, 2 * HEAD_DIM, null, YARN)), 1e-11);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void moreRankIsNearer(Method method, NormScope scope) {
        RandomBase base = base(4, 2, scope, Biases.NONE, RopeScaling.NONE);
        double little = distance(base, plan(method, 4, null, RopeScaling.NONE));
        double much = distance(base, plan(method, 28, null, RopeScaling.NONE));
        assertTrue(much < 0.95 * little, much + " with rank 28, " + little + " with rank 4");
    }
}
