package org.xecomla.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class UnitLengthBasisTest {
    /** Vectors on an ellipsoid: T u for u of length 1. */
    private static Matrix onEllipsoid(Random random, Matrix shape, int count) {
        int r = shape.rows();
        Matrix raw = Matrix.build(count, r, (n, i) -> random.nextGaussian());
        double[] lengths = new double[count];
        for (int n = 0; n < count; n++) {
            lengths[n] = 1 / raw.rows(n, n + 1).frobeniusNorm();
        }
        return raw.scaleRows(lengths).timesTranspose(shape);
    }

    private static double spread(Matrix vectors, Matrix basis) {
        Matrix changed = vectors.timesTranspose(basis);
        double sum = 0;
        double squares = 0;
        for (int n = 0; n < changed.rows(); n++) {
            double length = changed.rows(n, n + 1).frobeniusNorm();
            sum += length;
            squares += length * length;
        }
        double mean = sum / changed.rows();
        return Math.sqrt(Math.max(0, squares / changed.rows() - mean * mean)) / mean;
    }

    @Test
    void vectorsOnAnEllipsoidGetTheLengthOneExactly() {
        Random random = new Random(1);
        Matrix shape = Matrix.build(6, 6, (r, c) -> random.nextGaussian() + (r == c ? 4 : 0));
        Matrix basis = UnitLengthBasis.fit(onEllipsoid(random, shape, 300));
        Matrix others = onEllipsoid(random, shape, 50).timesTranspose(basis);
        for (int n = 0; n < 50; n++) {
            assertEquals(1, others.rows(n, n + 1).frobeniusNorm(), 1e-9);
        }
    }

    /** 60 dimensions have 1,830 free elements; 400 vectors cannot settle them but still help. */
    @Test
    void fewVectorsOfManyDimensionsHelpOnOthersToo() {
        Random random = new Random(2);
        int r = 60;
        // heavy-tailed: a few dimensions grow together, so that whitening leaves lengths that vary
        Matrix vectors = heavy(random, 400, r);
        Matrix others = heavy(random, 400, r);
        Matrix basis = UnitLengthBasis.fit(vectors);
        Matrix moment = vectors.transposeTimes(vectors).scale(1.0 / 400);
        Matrix whitening = LinearAlgebra.symmetricEigen(moment).apply(x -> 1 / Math.sqrt(x));
        assertTrue(basis.isFinite());
        assertTrue(
                spread(others, basis) < 0.8 * spread(others, whitening),
                spread(others, basis) + " against " + spread(others, whitening));
    }

    private static Matrix heavy(Random random, int count, int r) {
        double[] growth = random.doubles(count, 0.1, 3).toArray();
        return Matrix.build(count, r, (n, i) -> random.nextGaussian() * (i < r / 2 ? growth[n] : 1));
    }

    @Test
    void directionsThatNoVectorHasDoNotBreakIt() {
        Random random = new Random(3);
        Matrix thin = Matrix.build(100, 3, (n, i) -> random.nextGaussian());
        Matrix into = Matrix.build(3, 7, (n, i) -> random.nextGaussian());
        Matrix basis = UnitLengthBasis.fit(thin.times(into));
        assertTrue(basis.isFinite());
        assertTrue(LinearAlgebra.inverse(basis).isFinite());
    }
}
