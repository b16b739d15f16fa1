package org.xecomla.nn.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.Divergence;
import org.xecomla.nn.Goldens;
import org.xecomla.nn.GradientCheck;
import org.xecomla.nn.KernelChoice;
import org.xecomla.nn.SoftTargets;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** Central differences of every loss and combination; tails, missing rows, accuracy. */
class TokenLossTest {
    private static final int N = 5;
    private static final int V = 7;
    private static final int[] LABELS = {2, -1, 6, 0, -1};

    private static double[] logits(long seed) {
        return new Random(seed).doubles(N * V, -2, 2).toArray();
    }

    private static SoftLabels dense(double temperature) {
        SoftLabels.Dense dense = SoftTargets.dense(logits(3), V, temperature);
        java.util.Arrays.fill(dense.probabilities(), V, 2 * V, 0); // row 1 has no target
        return dense;
    }

    private static SoftLabels topK() {
        return new SoftLabels.TopK(
                N,
                3,
                new int[] {4, 0, 5, -1, -1, -1, 1, 2, -1, 6, 3, 0, 2, 5, 4},
                new float[] {.5f, .25f, .125f, 0, 0, 0, .75f, .125f, 0, .5f, .25f, .25f, .3f, .3f, .2f},
                new float[] {.125f, 0, .125f, 0, .2f});
    }

    private static SoftLabels sampled() {
        return new SoftLabels.Sampled(N, 2, new int[] {4, 0, 5, -1, -1, -1, 1, 2, 3, 6}, new float[] {
            .75f, .25f, 1, 0, 0, 0, .5f, .5f, .875f, .125f
        });
    }

    private static TokenLoss withLabels(TokenLoss loss) {
        return new CombinedLoss(List.of(loss, new CrossEntropy(LABELS, 0.075)));
    }

    static Stream<Arguments> losses() {
        List<TokenLoss> losses = List.of(
                new CrossEntropy(LABELS, 0.3),
                new ForwardKl(dense(1), 1, 0.2),
                new ForwardKl(dense(2), 2, 0.8),
                new ForwardKl(topK(), 1, 0.2),
                new ForwardKl(topK(), 3, 1.8),
                new ForwardKl(sampled(), 1, 0.2),
                new ReverseKl(dense(1), 1, 0.2),
                new JensenShannon(dense(2), 2, 0.8),
                new ReverseKl(topK(), 2, 0.8),
                new JensenShannon(topK(), 1, 0.2),
                withLabels(new ReverseKl(topK(), 1, 0.15)),
                withLabels(new JensenShannon(dense(2), 2, 0.6)),
                withLabels(new ForwardKl(dense(1), 1, 0.15)),
                withLabels(new ForwardKl(topK(), 1, 0.15)),
                withLabels(new ForwardKl(topK(), 2, 0.6)),
                withLabels(new ForwardKl(sampled(), 0.5, 0.0125)),
                new CombinedLoss(List.of(
                        new CrossEntropy(LABELS, 0.1),
                        withLabels(new ForwardKl(topK(), 2, 0.6)),
                        new ReverseKl(dense(3), 3, 0.4))));
        return KernelChoice.inDouble().stream()
                .flatMap(choice -> losses.stream().map(loss -> Arguments.of(choice, loss)));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradientIsThatOfTheSums(KernelChoice choice, TokenLoss loss) {
        Tensor z = Tensors.of(ElementType.DOUBLE, N, V, logits(1)); // (N, V)
        Tensor spent = Tensors.zeros(ElementType.DOUBLE, N, V); // (N, V)
        try (Kernels kernels = choice.make();
                Arena arena = Arena.of(kernels, 1 << 15)) {
            kernels.elementwise().copy(z, spent);
            LossSums withGradient = loss.apply(spent, true, kernels, arena); // (N, V)
            Tensor dZ = Tensors.of(ElementType.DOUBLE, N, V, spent.toDoubles()); // (N, V)
            GradientCheck.check("logits", z, dZ, () -> value(loss, z, spent, kernels, arena));
            kernels.elementwise().copy(z, spent);
            assertEquals(withGradient, loss.apply(spent, false, kernels, arena));
            assertEquals(0, arena.mark());
        }
    }

    /** Of a sum, each part alone. */
    private static double value(TokenLoss loss, Tensor z, Tensor spent, Kernels kernels, Arena arena) {
        if (loss instanceof CombinedLoss combined) {
            return combined.losses().stream()
                    .mapToDouble(part -> value(part, z, spent, kernels, arena))
                    .sum();
        }
        kernels.elementwise().copy(z, spent);
        LossSums sums = loss.apply(spent, false, kernels, arena);
        return ((SoftmaxLoss) loss).weight() * (sums.klSum() + sums.ceSum());
    }

    @Test
    void rowsWithoutTargetOrLabelDoNotCount() {
        LossSums sums = apply(withLabels(new ForwardKl(dense(1), 1, 1)), ElementType.DOUBLE)
                .sums();
        assertEquals(4, sums.numKl());
        assertEquals(3, sums.numCe());
    }

    private record Applied(LossSums sums, double[] gradient) {}

    private static Applied apply(TokenLoss loss, ElementType type) {
        return apply(loss, type, logits(1));
    }

    private static Applied apply(TokenLoss loss, ElementType type, double[] values) {
        Tensor z = Tensors.of(type, N, V, values); // (N, V)
        try (Kernels kernels = new NaiveKernels(type);
                Arena arena = Arena.of(kernels, 1 << 15)) {
            LossSums sums = loss.apply(z, true, kernels, arena); // (N, V)
            return new Applied(sums, z.toDoubles());
        }
    }

    @Test
    void divergenceFromOneselfIsZero() {
        SoftLabels own = SoftTargets.dense(logits(1), V, 2);
        Applied applied = apply(new ForwardKl(own, 2, 4), ElementType.DOUBLE);
        assertEquals(0, applied.sums().kl(), 1e-7);
        assertArrayEquals(new double[N * V], applied.gradient(), 1e-6);
    }

    /** Against the plain formulas over the vocabulary, and over three tokens and all others. */
    @ParameterizedTest
    @EnumSource(names = {"REVERSE_KL", "JENSEN_SHANNON"})
    void otherDivergencesAreTheirFormulas(Divergence divergence) {
        SoftLabels.Dense p = SoftTargets.dense(logits(3), V, 1);
        SoftLabels.Dense q = SoftTargets.dense(logits(1), V, 1);
        int[] ids = new int[N * 3];
        float[] listed = new float[N * 3];
        float[] tail = new float[N];
        double whole = 0;
        double inBuckets = 0;
        for (int n = 0; n < N; n++) {
            double[] rest = {0, 0};
            for (int v = 0; v < V; v++) {
                double ofP = p.probabilities()[n * V + v];
                double ofQ = q.probabilities()[n * V + v];
                whole += term(divergence, ofP, ofQ);
                if (v < 3) {
                    ids[n * 3 + v] = v;
                    listed[n * 3 + v] = (float) ofP;
                    inBuckets += term(divergence, ofP, ofQ);
                } else {
                    rest[0] += ofP;
                    rest[1] += ofQ;
                }
            }
            tail[n] = (float) rest[0];
            inBuckets += term(divergence, rest[0], rest[1]);
        }
        TokenLoss dense = TokenLoss.of(divergence, p, 1, 1);
        TokenLoss buckets = TokenLoss.of(divergence, new SoftLabels.TopK(N, 3, ids, listed, tail), 1, 1);
        assertEquals(whole, apply(dense, ElementType.DOUBLE).sums().klSum(), 1e-6);
        assertEquals(inBuckets, apply(buckets, ElementType.DOUBLE).sums().klSum(), 1e-6);
        assertTrue(inBuckets < whole, "a lower bound");
        assertThrows(IllegalArgumentException.class, () -> TokenLoss.of(divergence, sampled(), 1, 1));
    }

    private static double term(Divergence divergence, double p, double q) {
        double m = (p + q) / 2;
        return divergence == Divergence.REVERSE_KL
                ? q * Math.log(q / p)
                : 0.5 * (p * Math.log(p / m) + q * Math.log(q / m));
    }

    @Test
    void listingTheWholeVocabularyIsDense() {
        SoftLabels.Dense dense = SoftTargets.dense(logits(3), V, 1);
        int[] ids = new int[N * V];
        java.util.Arrays.setAll(ids, i -> i % V);
        TokenLoss listed = new ForwardKl(new SoftLabels.TopK(N, V, ids, dense.probabilities(), new float[N]), 1, 1);
        Applied expected = apply(new ForwardKl(dense, 1, 1), ElementType.DOUBLE);
        Applied actual = apply(listed, ElementType.DOUBLE);
        assertEquals(expected.sums().kl(), actual.sums().kl(), 1e-9);
        assertArrayEquals(expected.gradient(), actual.gradient(), 1e-9);
    }

    /** A student that is too sure of itself: 1 - sum of listed would be all rounding in float. */
    @Test
    void smallTailsAreAsExactInFloatAsInDouble() {
        double[] sure = new double[N * V];
        for (int n = 0; n < N; n++) {
            for (int i = 0; i < 3; i++) {
                int id = Math.max(0, ((SoftLabels.TopK) topK()).ids()[n * 3 + i]);
                sure[n * V + id] = 20 + i;
            }
        }
        TokenLoss loss = new ForwardKl(topK(), 1, 1);
        Applied expected = apply(loss, ElementType.DOUBLE, sure);
        Applied actual = apply(loss, ElementType.FLOAT, sure);
        assertTrue(
                expected.sums().kl() > 1,
                "the tail must matter: " + expected.sums().kl());
        assertEquals(
                expected.sums().kl(), actual.sums().kl(), 1e-6 * expected.sums().kl());
        assertTrue(Goldens.relativeError(actual.gradient(), expected.gradient()) < 1e-5);
    }

    @Test
    void valueCombinesTheMeans() {
        LossSums sums = new LossSums(6, 8, 3, 2).plus(new LossSums(2, 2, 1, 3));
        assertEquals(2, sums.kl());
        assertEquals(2, sums.crossEntropy());
        assertEquals(Math.exp(2), sums.perplexity());
        assertEquals(0.75 * 9 * 2 + 0.25 * 2, sums.value(0.25, 3));
        assertEquals(0, LossSums.ZERO.value(0.5, 1));
    }

    @Test
    void whatCannotBeIsRefused() {
        TokenLoss two = new CombinedLoss(List.of(new ReverseKl(topK(), 1, 1), new ForwardKl(topK(), 1, 1)));
        assertThrows(IllegalStateException.class, () -> apply(two, ElementType.DOUBLE));
        List<TokenLoss> uneven = List.of(new CrossEntropy(LABELS), new CrossEntropy(new int[N + 1]));
        assertThrows(IllegalArgumentException.class, () -> new CombinedLoss(uneven));
        assertThrows(IllegalArgumentException.class, () -> new ForwardKl(topK(), 0, 1));
    }
}
