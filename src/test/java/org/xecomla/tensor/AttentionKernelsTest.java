package org.xecomla.tensor;

import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.tensor.KernelRig.Pair;
import org.xecomla.tensor.KernelRig.Side;

/** Rope, head copies and attention against the naive loop. Tolerance in float: 4e-6 of the largest element. */
class AttentionKernelsTest {
    private static final double TOLERANCE = 4e-6;

    static Stream<Supplier<Kernels>> implementations() {
        return KernelRig.implementations();
    }

    /** Sequences, queries, keys, query heads, key heads, width of keys, width of values. */
    private record Case(int b, int t, int s, int h, int hkv, int width, int valueWidth, int... starts) {
        /** Every sequence has documents that begin at {@code starts}, a token later in each further sequence. */
        Sequences sequences() {
            int[] firstKeys = new int[b * t];
            for (int row = 0; row < firstKeys.length; row++) {
                for (int start : starts) {
                    int begin = start + row / t;
                    firstKeys[row] = begin <= s - t + row % t ? begin : firstKeys[row];
                }
            }
            return new Sequences(b, t, s, firstKeys);
        }

        double scale() {
            return 1 / Math.sqrt(width);
        }
    }

    private static final Case[] FORWARD = {
        new Case(1, 1, 1, 1, 1, 1, 1),
        new Case(2, 5, 5, 4, 2, 6, 6),
        new Case(3, 17, 17, 6, 1, 8, 5),
        new Case(1, 1, 37, 4, 4, 16, 16),
        new Case(2, 3, 70, 4, 2, 9, 7),
        new Case(2, 64, 64, 2, 2, 24, 16),
        new Case(1, 131, 131, 3, 3, 33, 17),
        new Case(1, 100, 300, 2, 1, 8, 8),
        new Case(3, 17, 17, 6, 1, 8, 5, 4, 5, 13),
        new Case(2, 131, 131, 3, 3, 33, 17, 1, 63, 64, 100),
        new Case(1, 100, 300, 2, 1, 8, 8, 150, 240),
    };

    private static final Case[] BACKWARD = {
        new Case(1, 1, 1, 1, 1, 1, 1),
        new Case(2, 5, 5, 4, 2, 6, 6),
        new Case(3, 17, 17, 6, 1, 8, 5),
        new Case(2, 64, 64, 2, 2, 24, 16),
        new Case(1, 131, 131, 6, 3, 33, 17),
        new Case(1, 257, 257, 4, 2, 8, 8),
        new Case(3, 17, 17, 6, 1, 8, 5, 4, 5, 13),
        new Case(2, 131, 131, 6, 3, 33, 17, 1, 63, 64, 100),
        new Case(2, 257, 257, 4, 2, 8, 8, 190),
    };

    @ParameterizedTest
    @MethodSource("implementations")
    void attention(Supplier<Kernels> made) {
        for (Case c : FORWARD) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair q = rig.random(c.b * c.t, c.h * c.width);
                Pair k = rig.random(c.b * c.s, c.hkv * c.width);
                Pair v = rig.random(c.b * c.s, c.hkv * c.valueWidth);
                Pair out = rig.nan(c.b * c.t, c.h * c.valueWidth);
                Pair again = rig.nan(c.b * c.t, c.h * c.valueWidth);
                Pair logSumExp = rig.nan(c.b * c.t, c.h);
                rig.run((kernels, s) -> {
                    kernels.attention()
                            .forward(
                                    s.heads(q, c.h),
                                    s.heads(k, c.hkv),
                                    s.heads(v, c.hkv),
                                    s.heads(out, c.h),
                                    s.apply(logSumExp),
                                    c.sequences(),
                                    c.scale());
                    kernels.attention()
                            .forward(
                                    s.heads(q, c.h),
                                    s.heads(k, c.hkv),
                                    s.heads(v, c.hkv),
                                    s.heads(again, c.h),
                                    null,
                                    c.sequences(),
                                    c.scale());
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void attentionWithPeakedScores(Supplier<Kernels> made) {
        Case c = new Case(1, 150, 150, 2, 1, 16, 16);
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair q = rig.random(c.t, c.h * c.width, 10);
            Pair k = rig.random(c.s, c.hkv * c.width, 10);
            Pair v = rig.random(c.s, c.hkv * c.valueWidth);
            Pair out = rig.nan(c.t, c.h * c.valueWidth);
            Pair logSumExp = rig.nan(c.t, c.h);
            rig.run((kernels, s) -> kernels.attention()
                    .forward(
                            s.heads(q, c.h),
                            s.heads(k, c.hkv),
                            s.heads(v, c.hkv),
                            s.heads(out, c.h),
                            s.apply(logSumExp),
                            c.sequences(),
                            c.scale()));
            rig.check(rig.tolerance(2e-4)); // scores of 400 carry errors of 5e-5
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void attentionBackward(Supplier<Kernels> made) {
        for (Case c : BACKWARD) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair q = rig.random(c.b * c.t, c.h * c.width);
                Pair k = rig.random(c.b * c.s, c.hkv * c.width);
                Pair v = rig.random(c.b * c.s, c.hkv * c.valueWidth);
                Pair out = rig.nan(c.b * c.t, c.h * c.valueWidth);
                Pair logSumExp = rig.nan(c.b * c.t, c.h);
                Pair dOut = rig.random(c.b * c.t, c.h * c.valueWidth);
                Pair dQ = rig.nan(c.b * c.t, c.h * c.width);
                Pair dK = rig.nan(c.b * c.s, c.hkv * c.width);
                Pair dV = rig.nan(c.b * c.s, c.hkv * c.valueWidth);
                rig.run((kernels, s) -> forwardAndBackward(kernels, s, c, q, k, v, out, logSumExp, dOut, dQ, dK, dV));
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    private static void forwardAndBackward(Kernels kernels, Side s, Case c, Pair... p) {
        HeadView q = s.heads(p[0], c.h);
        HeadView k = s.heads(p[1], c.hkv);
        HeadView v = s.heads(p[2], c.hkv);
        HeadView out = s.heads(p[3], c.h);
        Tensor logSumExp = s.apply(p[4]);
        kernels.attention().forward(q, k, v, out, logSumExp, c.sequences(), c.scale());
        kernels.attention()
                .backward(
                        s.heads(p[5], c.h),
                        q,
                        k,
                        v,
                        out,
                        logSumExp,
                        c.sequences(),
                        c.scale(),
                        s.heads(p[6], c.h),
                        s.heads(p[7], c.hkv),
                        s.heads(p[8], c.hkv));
    }

    /** Queries and keys interleaved with what else a projection made: heads that are not side by side. */
    @ParameterizedTest
    @MethodSource("implementations")
    void attentionOverPartsOfHeads(Supplier<Kernels> made) {
        int heads = 3;
        int length = 21;
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair q = rig.random(2 * length, heads * 11);
            Pair kv = rig.random(2 * length, heads * 17); // 9 columns of keys, then 8 of values, head by head
            Pair out = rig.nan(2 * length, heads * 8);
            Sequences sequences = Sequences.of(2, 2 * length);
            rig.run((kernels, s) -> {
                HeadView keysAndValues = s.heads(kv, heads);
                kernels.attention()
                        .forward(
                                s.heads(q, heads).part(2, 11),
                                keysAndValues.part(0, 9),
                                keysAndValues.part(9, 17),
                                s.heads(out, heads),
                                null,
                                sequences,
                                0.3);
            });
            rig.check(rig.tolerance(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rope(Supplier<Kernels> made) {
        int[][] cases = {{1, 1, 2}, {3, 2, 6}, {2, 4, 16}, {1, 5, 34}}; // sequences, heads, width of the rope part
        for (int[] c : cases) {
            int length = 7;
            int width = c[2] + 3;
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair x = rig.random(c[0] * length, c[1] * width);
                Pair back = rig.random(c[0] * length, c[1] * width);
                Pair shared = rig.random(c[0] * length, c[2]);
                Pair cos = rig.random(12, c[2] / 2);
                Pair sin = rig.random(12, c[2] / 2);
                Pair one = rig.random(1, c[1] * width); // decoding: one row at a late position
                rig.run((k, s) -> {
                    HeadView heads = s.heads(x, c[1]).part(3, width);
                    int rows = c[0] * length;
                    k.rope().forward(heads, s.apply(cos), s.apply(sin), positions(rows, length, 0));
                    k.rope()
                            .backward(
                                    s.heads(back, c[1]).part(3, width),
                                    s.apply(cos),
                                    s.apply(sin),
                                    positions(rows, length, 5));
                    // documents that end within a sequence
                    k.rope()
                            .forward(
                                    HeadView.shared(s.apply(shared), 1),
                                    s.apply(cos),
                                    s.apply(sin),
                                    positions(rows, 3, 2));
                    k.rope().forward(s.heads(one, c[1]).part(0, c[2]), s.apply(cos), s.apply(sin), Indices.of(11));
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    private static Indices positions(int numRows, int length, int first) {
        return Indices.of(
                IntStream.range(0, numRows).map(row -> first + row % length).toArray());
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void copiesAndSumsOfHeads(Supplier<Kernels> made) {
        int[][] cases = {{1, 1, 1}, {9, 3, 4}, {5, 4, 16}, {33, 2, 37}}; // rows, heads, width
        for (int[] c : cases) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair source = rig.random(c[0], c[1] * c[2]);
                Pair shared = rig.random(c[0], c[2]);
                Pair target = rig.random(c[0], c[1] * (c[2] + 5));
                Pair targetOfShared = rig.random(c[0], c[1] * (c[2] + 5));
                Pair sum = rig.random(c[0], c[1] * c[2]);
                Pair sharedSum = rig.random(c[0], c[2]);
                rig.run((k, s) -> {
                    HeadView part = s.heads(target, c[1]).part(5, c[2] + 5);
                    k.headCopy().copy(s.heads(source, c[1]), part);
                    k.headCopy()
                            .copy(
                                    HeadView.shared(s.apply(shared), c[1]),
                                    s.heads(targetOfShared, c[1]).part(2, c[2] + 2));
                    k.headCopy().add(part, s.heads(sum, c[1]));
                    k.headCopy().add(part, HeadView.shared(s.apply(sharedSum), c[1]));
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }
}
