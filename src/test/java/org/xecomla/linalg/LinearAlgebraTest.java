package org.xecomla.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.xecomla.linalg.MatrixTest.difference;
import static org.xecomla.linalg.MatrixTest.random;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearAlgebraTest {
    private static void assertSvd(Matrix a, LinearAlgebra.Svd svd) {
        int k = Math.min(a.rows(), a.cols());
        assertEquals(k, svd.size());
        Matrix back = svd.u().scaleCols(svd.singularValues().toDoubles()).times(svd.vt());
        assertEquals(0, difference(back, a), 1e-13);
        assertEquals(0, difference(svd.u().transposeTimes(svd.u()), Matrix.identity(k)), 1e-13);
        assertEquals(0, difference(svd.vt().timesTranspose(svd.vt()), Matrix.identity(k)), 1e-13);
        for (int i = 0; i < k; i++) {
            assertTrue(svd.sigma(i) >= 0 && (i == 0 || svd.sigma(i) <= svd.sigma(i - 1)), "singular value " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,7", "7,1", "5,5", "13,8", "8,13", "64,31", "31,97"})
    void svdReconstructsAndIsOrthonormal(int rows, int cols) {
        Matrix a = random(new Random(rows * 100L + cols), rows, cols);
        assertSvd(a, LinearAlgebra.svd(a));
    }

    @ParameterizedTest
    @CsvSource({"5,5", "13,8", "8,13"})
    void theFallbackGivesTheSameDecomposition(int rows, int cols) {
        Matrix a = random(new Random(5), rows, cols);
        int k = Math.min(rows, cols);
        double[] u = new double[rows * k];
        double[] s = new double[k];
        double[] vt = new double[k * cols];
        LinearAlgebra.svdByQrIteration(a, s, u, vt);
        LinearAlgebra.Svd fallback =
                new LinearAlgebra.Svd(Matrix.of(rows, k, u), Matrix.of(1, k, s), Matrix.of(k, cols, vt));
        assertSvd(a, fallback);
        assertEquals(
                0, difference(fallback.singularValues(), LinearAlgebra.svd(a).singularValues()), 1e-13);
    }

    @Test
    void svdOfARankDeficientMatrixHasZeros() {
        Random random = new Random(7);
        Matrix a = random(random, 20, 3).times(random(random, 3, 15));
        LinearAlgebra.Svd svd = LinearAlgebra.svd(a);
        assertSvd(a, svd);
        assertTrue(svd.sigma(2) > 1e-3 && svd.sigma(3) < 1e-12);
        assertSvd(Matrix.zeros(4, 6), LinearAlgebra.svd(Matrix.zeros(4, 6)));
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "9", "40"})
    void eigenvectorsDiagonalise(int n) {
        Matrix half = random(new Random(n), n, n);
        Matrix a = half.plus(half.transpose());
        LinearAlgebra.SymmetricEigen eigen = LinearAlgebra.symmetricEigen(a);
        assertEquals(0, difference(eigen.apply(x -> x), a), 1e-13);
        Matrix e = eigen.vectors();
        assertEquals(0, difference(e.transposeTimes(e), Matrix.identity(n)), 1e-13);
        for (int i = 1; i < n; i++) {
            assertTrue(eigen.value(i - 1) <= eigen.value(i));
        }
        assertEquals(eigen.largest(), eigen.value(n - 1));
    }

    @Test
    void theSquareRootOfACovarianceSquaresToIt() {
        Matrix x = random(new Random(11), 50, 8);
        Matrix c = x.transposeTimes(x);
        Matrix root = LinearAlgebra.symmetricEigen(c).apply(Math::sqrt);
        assertEquals(0, difference(root.times(root), c), 1e-13);
    }

    @ParameterizedTest
    @CsvSource({"30,7,2", "7,7,1", "5,9,3"})
    void leastSquaresLeavesAResidualThatAIsOrthogonalTo(int rows, int cols, int targets) {
        Random random = new Random(rows + cols);
        Matrix a = random(random, rows, cols);
        Matrix b = random(random, rows, targets);
        Matrix residual = a.times(LinearAlgebra.leastSquares(a, b)).minus(b);
        assertEquals(0, a.transposeTimes(residual).frobeniusNorm(), 1e-11);
    }

    @Test
    void leastSquaresOfARankDeficientMatrixHasLeastNorm() {
        Random random = new Random(13);
        Matrix a = random(random, 20, 2).times(random(random, 2, 6));
        Matrix b = random(random, 20, 1);
        Matrix x = LinearAlgebra.leastSquares(a, b);
        assertEquals(0, a.transposeTimes(a.times(x).minus(b)).frobeniusNorm(), 1e-10);
        LinearAlgebra.Svd svd = LinearAlgebra.svd(a);
        Matrix null1 = svd.vt().rows(2, 6); // (4, 6): directions that A does not see
        assertEquals(0, null1.times(x).frobeniusNorm(), 1e-10);
    }

    @Test
    void inverseAndSolutionUndoTheProduct() {
        Random random = new Random(17);
        Matrix a = random(random, 12, 12);
        Matrix b = random(random, 12, 5);
        assertEquals(0, difference(a.times(LinearAlgebra.inverse(a)), Matrix.identity(12)), 1e-11);
        assertEquals(0, difference(a.times(LinearAlgebra.solve(a, b)), b), 1e-11);
    }

    @Test
    void whatHasNoAnswerIsRefused() {
        Matrix bad = Matrix.of(2, 2, 1, Double.NaN, 0, 1);
        assertThrows(ArithmeticException.class, () -> LinearAlgebra.svd(bad));
        assertThrows(ArithmeticException.class, () -> LinearAlgebra.symmetricEigen(bad));
        assertThrows(ArithmeticException.class, () -> LinearAlgebra.leastSquares(bad, bad));
        assertThrows(ArithmeticException.class, () -> LinearAlgebra.inverse(Matrix.zeros(3, 3)));
        assertThrows(IllegalArgumentException.class, () -> LinearAlgebra.inverse(Matrix.zeros(2, 3)));
    }
}
