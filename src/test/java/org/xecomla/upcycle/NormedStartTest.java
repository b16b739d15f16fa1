package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.UpcycleConfig.Method;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.AttentionConfig.NormScope;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.upcycle.base.RankPolicy;

/** Starts from bases that normalise queries and keys, head by head as Qwen3 or over whole tokens. */
class NormedStartTest {
    private static final int HEAD_DIM = Starts.HEAD_DIM;
    private static final RopeScaling YARN = new RopeScaling.Yarn(4, 32, 32, 1, 1, 0);

    private static RandomBase base(int numHeads, int numKvHeads, NormScope scope, Biases biases, RopeScaling rope) {
        AttentionConfig.HeadNorm norm = new AttentionConfig.HeadNorm(scope, 1e-2);
        return RandomBase.of(new AttentionConfig.Gqa(numHeads, numKvHeads, HEAD_DIM, rope, biases, norm), 2, 5);
    }

    private static double distance(RandomBase base, Method method, int kvRank, RankPolicy queryRank, RopeScaling rope) {
        RopeRows rows = method == Method.XECOMLA ? RopeRows.STRIDE : RopeRows.FOLD;
        return Starts.distance(base, Starts.layers(base, Starts.plan(method, kvRank, queryRank, rows, rope)));
    }

    static Stream<Arguments> methods() {
        return Stream.of(Method.XECOMLA, Method.ALIGNED, Method.PHASED)
                .flatMap(method -> Arrays.stream(NormScope.values()).map(scope -> Arguments.of(method, scope)));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void oneKeyHeadOfFullRankIsReproducedExactly(Method method, NormScope scope) {
        for (Biases biases : List.of(Biases.NONE, Biases.ALL)) {
            RandomBase base = base(3, 1, scope, biases, RopeScaling.NONE);
            // keys and values have rank 16, and xecomla cuts both, where the others leave no keys to cut
            int rank = method == Method.XECOMLA ? 2 * HEAD_DIM : HEAD_DIM;
            assertEquals(0, distance(base, method, rank, null, RopeScaling.NONE), 1e-11);
            RankPolicy allQueries = new RankPolicy.Fixed(3 * HEAD_DIM);
            assertEquals(0, distance(base, method, rank, allQueries, RopeScaling.NONE), 1e-10);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void yarnsFactorIsReproducedToo(Method method, NormScope scope) {
        RandomBase base = base(3, 1, scope, Biases.NONE, YARN);
        if (method != Method.PHASED) { // whose slots list their frequencies
            assertEquals(0, distance(base, method, 2 * HEAD_DIM, null, YARN), 1e-11);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void moreRankIsNearer(Method method, NormScope scope) {
        RandomBase base = base(4, 2, scope, Biases.NONE, RopeScaling.NONE);
        double little = distance(base, method, 4, null, RopeScaling.NONE);
        double much = distance(base, method, 28, null, RopeScaling.NONE);
        assertTrue(much < 0.95 * little, much + " with rank 28, " + little + " with rank 4");
    }
}
