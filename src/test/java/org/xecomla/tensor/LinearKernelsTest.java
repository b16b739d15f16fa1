package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.tensor.KernelRig.Pair;

/**
 * Products, sums and copies against the naive loop. Tolerance in float: 2e-6 of the largest element, some ten roundings
 * of sums of a few hundred terms.
 */
class LinearKernelsTest {
    private static final double TOLERANCE = 2e-6;

    static Stream<Supplier<Kernels>> implementations() {
        return KernelRig.implementations();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void gemm(Supplier<Kernels> made) {
        int[][] shapes = {
            {1, 1, 1},
            {1, 7, 5},
            {7, 1, 5},
            {3, 5, 7},
            {33, 17, 9},
            {64, 257, 8},
            {130, 65, 67},
            {9, 300, 1},
            {333, 70, 129},
            {40, 1027, 100}
        };
        for (int[] s : shapes) {
            for (int flags = 0; flags < 4; flags++) {
                gemm(made, s[0], s[1], s[2], (flags & 1) != 0, (flags & 2) != 0);
            }
        }
    }

    private static void gemm(Supplier<Kernels> made, int m, int n, int inner, boolean transposeA, boolean transposeB) {
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair a = transposeA ? rig.random(inner, m) : rig.random(m, inner);
            Pair b = transposeB ? rig.random(n, inner) : rig.random(inner, n);
            Pair fresh = rig.nan(m, n);
            Pair added = rig.random(m, n);
            Pair dense = rig.contiguous(m, n, 1);
            rig.run((k, s) -> {
                k.gemm().multiply(transposeA, transposeB, 1, s.apply(a), s.apply(b), 0, s.apply(fresh));
                k.gemm().multiply(transposeA, transposeB, 0.5, s.apply(a), s.apply(b), 1, s.apply(added));
                k.gemm().multiply(transposeA, transposeB, -2, s.apply(a), s.apply(b), 0.25, s.apply(dense));
            });
            rig.check(rig.tolerance(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void sumsScalesAndCopies(Supplier<Kernels> made) {
        int[][] shapes = {{1, 1}, {1, 1000}, {5, 3}, {4, 16}, {3, 37}, {70, 257}, {300, 257}};
        for (int[] shape : shapes) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair x = rig.random(shape[0], shape[1]);
                Pair y = rig.random(shape[0], shape[1]);
                Pair scaled = rig.random(shape[0], shape[1]);
                Pair scaledRows = rig.random(shape[0], shape[1]);
                Pair filled = rig.nan(shape[0], shape[1]);
                Pair copied = rig.nan(shape[0], shape[1]);
                Pair dense = rig.contiguous(shape[0], shape[1], 1);
                double[] factors = new double[shape[0]];
                for (int r = 0; r < factors.length; r++) {
                    factors[r] = 0.5 + r;
                }
                double[] sums = new double[2];
                rig.run((k, s) -> {
                    k.elementwise().axpy(-0.75, s.apply(x), s.apply(y));
                    k.elementwise().scale(1.5, s.apply(scaled));
                    k.head().scaleRows(factors, s.apply(scaledRows));
                    k.elementwise().fill(s.apply(filled), -2.5);
                    k.elementwise().copy(s.apply(x), s.apply(copied));
                    k.elementwise().axpy(2, s.apply(dense), s.apply(scaled));
                    sums[k == rig.kernels ? 0 : 1] = k.elementwise().sumOfSquares(s.apply(x))
                            + k.elementwise().sumOfSquares(s.apply(dense));
                });
                rig.check(rig.tolerance(TOLERANCE));
                assertEquals(sums[1], sums[0], 1e-12 * sums[1]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void biasesAndTheirGradients(Supplier<Kernels> made) {
        for (int[] shape : new int[][] {{1, 1}, {1, 1000}, {5, 3}, {70, 257}, {300, 257}, {1027, 37}}) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair bias = rig.random(1, shape[1]);
                Pair y = rig.random(shape[0], shape[1]);
                Pair dense = rig.contiguous(shape[0], shape[1], 1);
                Pair dY = rig.random(shape[0], shape[1]);
                Pair dBias = rig.random(1, shape[1]);
                rig.run((k, s) -> {
                    k.bias().forward(s.apply(bias), s.apply(y));
                    k.bias().forward(s.apply(bias), s.apply(dense));
                    k.bias().backward(s.apply(dY), s.apply(dBias));
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void fillClearsNaN(Supplier<Kernels> made) {
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair x = rig.nan(9, 21);
            rig.run((k, s) -> k.elementwise().fill(s.apply(x), 0));
            rig.check(0);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void embeddingRows(Supplier<Kernels> made) {
        for (int cols : new int[] {1, 5, 16, 77}) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair table = rig.random(13, cols);
                Pair out = rig.nan(40, cols);
                Pair dOut = rig.random(40, cols);
                Pair dTable = rig.random(13, cols);
                Indices ids = Indices.of(rig.ids(40, 13)); // every id several times
                rig.run((k, s) -> {
                    k.embedding().gather(s.apply(table), ids, s.apply(out));
                    k.embedding().scatterAdd(s.apply(dOut), ids, s.apply(dTable));
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void columnsOfChosenTokens(Supplier<Kernels> made) {
        int rows = 6;
        int numChosen = 4;
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair x = rig.random(rows, 257);
            int[] ids = rig.ids(rows * numChosen, 257);
            ids[3] = -1;
            ids[5] = ids[4]; // repeated: adds up
            ids[23] = 256;
            double[] values = new double[ids.length];
            java.util.Arrays.setAll(values, i -> 0.25 * i - 1);
            double[][] read = new double[2][ids.length];
            rig.run((k, s) -> {
                k.head().scatterAdd(values, ids, s.apply(x));
                k.head().gather(s.apply(x), ids, read[k == rig.kernels ? 0 : 1]);
            });
            rig.check(rig.tolerance(TOLERANCE));
            assertEquals(0, read[0][3]);
            for (int i = 0; i < ids.length; i++) {
                assertEquals(read[1][i], read[0][i], 1e-5);
            }
        }
    }

    /** Native code would read and write whatever lies there. */
    @ParameterizedTest
    @MethodSource("implementations")
    void numbersOfHeads(Supplier<Kernels> made) {
        int[][] shapes = {{1, 1, 1, 2}, {5, 4, 2, 6}, {7, 6, 1, 3}, {40, 4, 4, 37}}; // N, H, G, W
        for (int[] shape : shapes) {
            try (KernelRig rig = new KernelRig(made.get())) {
                int heads = shape[1];
                int width = shape[3];
                Pair x = rig.random(shape[0], heads * (width + 1));
                Pair y = rig.random(shape[0], heads * (width + 1));
                Pair dX = rig.random(shape[0], heads * (width + 1));
                Pair dY = rig.random(shape[0], heads * (width + 1));
                Pair s = rig.nan(shape[0], shape[2]);
                Pair dS = rig.nan(shape[0], shape[2]);
                Pair scores = rig.random(heads, shape[0]);
                rig.run((k, side) -> {
                    HeadView of = HeadView.of(side.apply(x), heads).part(0, width);
                    HeadView scaled = HeadView.of(side.apply(y), heads).part(1, width + 1);
                    HeadView dOf = HeadView.of(side.apply(dX), heads).part(0, width);
                    HeadView dScaled = HeadView.of(side.apply(dY), heads).part(1, width + 1);
                    k.headScale().inverseRms(of, 0.01, side.apply(s));
                    k.headScale().scale(scaled, side.apply(s));
                    k.headScale().scaleBackward(dScaled, scaled, side.apply(s), side.apply(dS));
                    k.headScale().inverseRmsBackward(side.apply(dS), of, side.apply(s), dOf);
                    k.headScale().scaleScores(side.apply(scores), side.apply(s));
                });
                rig.check(rig.tolerance(TOLERANCE * 5));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rowsAndColumnsThatDoNotExistAreRefused(Supplier<Kernels> made) {
        try (KernelRig rig = new KernelRig(made.get())) {
            Kernels k = rig.kernels;
            Tensor table = rig.random(3, 4).tested();
            Tensor row = rig.random(1, 4).tested();
            for (int outside : new int[] {-1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                Indices id = Indices.of(outside);
                assertThrows(
                        IndexOutOfBoundsException.class, () -> k.embedding().gather(table, id, row));
                assertThrows(
                        IndexOutOfBoundsException.class, () -> k.embedding().scatterAdd(row, id, table));
                Tensor angles = table.cols(0, 2);
                assertThrows(IndexOutOfBoundsException.class, () -> k.rope()
                        .forward(HeadView.of(row, 1), angles, angles, id));
            }
            for (int outside : new int[] {4, Integer.MAX_VALUE}) {
                int[] id = {outside};
                double[] value = new double[1];
                assertThrows(IndexOutOfBoundsException.class, () -> k.head().gather(row, id, value));
                assertThrows(IndexOutOfBoundsException.class, () -> k.head().scatterAdd(value, id, row));
            }
            rig.check(0);
        }
    }
}
