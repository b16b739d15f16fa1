package org.xecomla.linalg;

import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;

/**
 * A basis in which given vectors have nearly the length 1: T with T<sup>T</sup> T = M, where c<sup>T</sup> M c ~ 1 over
 * the vectors c.
 *
 * <p>The vectors are whitened first. With more vectors than M has free elements, M is their least squares solution.
 * With fewer, which is the rule for latents of real models (rank 256: 32,896 elements), M is the identity / R, what
 * whitening alone would take, plus a correction by kernel ridge regression: the features of a vector are its products
 * c<sub>i</sub> c<sub>j</sub>, two vectors' features have the inner product (c . c')<sup>2</sup>, and the strength of
 * the ridge is the one with the smallest leave-one-out error.
 */
public final class UnitLengthBasis {
    /** Eigenvalues of M are raised to this share of the largest, so that T can be inverted. */
    private static final double SMALLEST_EIGENVALUE = 0.02;

    private static final double SMALLEST_VARIANCE = 1e-12; // of the largest: directions that no vector has
    private static final int MAX_UNKNOWNS = 1500; // least squares costs vectors * unknowns^2
    private static final int MAX_KERNEL_VECTORS = 2048; // the kernel's eigenvectors cost vectors^3
    private static final double[] RIDGES = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100};

    private UnitLengthBasis() {}

    /**
     * @param vectors one a row (n, R)
     * @return T (R, R), invertible
     */
    public static Matrix fit(Matrix vectors) {
        int r = vectors.cols();
        SymmetricEigen spread =
                LinearAlgebra.symmetricEigen(vectors.transposeTimes(vectors).scale(1.0 / vectors.rows())); // (R, R)
        double floor = Math.max(SMALLEST_VARIANCE * spread.largest(), Double.MIN_NORMAL);
        double[] whiten = new double[r];
        for (int i = 0; i < r; i++) {
            whiten[i] = 1 / Math.sqrt(Math.max(spread.value(i), floor));
        }
        Matrix whitening = spread.vectors().transpose().scaleRows(whiten); // (R, R)
        Matrix white = vectors.timesTranspose(whitening); // (n, R)
        int numUnknowns = r * (r + 1) / 2;
        Matrix form = numUnknowns <= MAX_UNKNOWNS && numUnknowns <= vectors.rows()
                ? leastSquares(white)
                : kernelRidge(white); // (R, R)
        SymmetricEigen eigen = LinearAlgebra.symmetricEigen(form);
        double smallest = SMALLEST_EIGENVALUE * eigen.largest();
        return eigen.apply(x -> Math.sqrt(Math.max(x, smallest))).times(whitening);
    }

    /** M with c<sup>T</sup> M c ~ 1 over the rows c of {@code white}. (R, R) */
    private static Matrix leastSquares(Matrix white) {
        int r = white.cols();
        int[] first = new int[r * (r + 1) / 2];
        int[] second = new int[first.length];
        for (int i = 0, at = 0; i < r; i++) {
            for (int j = i; j < r; j++, at++) {
                first[at] = i;
                second[at] = j;
            }
        }
        Matrix products = Matrix.build(white.rows(), first.length, (n, u) -> {
            double product = white.get(n, first[u]) * white.get(n, second[u]);
            return first[u] == second[u] ? product : 2 * product;
        }); // (n, R*(R+1)/2)
        Matrix ones = Matrix.build(white.rows(), 1, (n, c) -> 1);
        Matrix solution = LinearAlgebra.leastSquares(products, ones); // (R*(R+1)/2, 1)
        double[][] form = new double[r][r];
        for (int u = 0; u < first.length; u++) {
            form[first[u]][second[u]] = solution.get(u, 0);
            form[second[u]][first[u]] = solution.get(u, 0);
        }
        return Matrix.build(r, r, (i, j) -> form[i][j]);
    }

    /** I / R plus the correction, for few vectors of many dimensions. (R, R) */
    private static Matrix kernelRidge(Matrix all) {
        int r = all.cols();
        Matrix white = spread(all, MAX_KERNEL_VECTORS); // (n, R)
        int n = white.rows();
        Matrix inner = white.timesTranspose(white); // (n, n)
        SymmetricEigen kernel =
                LinearAlgebra.symmetricEigen(Matrix.build(n, n, (a, b) -> inner.get(a, b) * inner.get(a, b))); // (n, n)
        Matrix missing = Matrix.build(n, 1, (a, c) -> 1 - inner.get(a, a) / r); // (n, 1)
        Matrix projected = kernel.vectors().transposeTimes(missing); // (n, 1)
        Matrix squares = Matrix.build(n, n, (a, k) -> Math.pow(kernel.vectors().get(a, k), 2)); // (n, n)
        double mean = kernel.values().toDoubles().length == 0 ? 0 : sum(kernel.values()) / n;
        Matrix best = null; // (n, 1)
        double least = Double.POSITIVE_INFINITY;
        for (double ridge : RIDGES) {
            Matrix damped = Matrix.build(n, 1, (k, c) -> 1 / (Math.max(kernel.value(k), 0) + ridge * mean)); // (n, 1)
            Matrix weights = kernel.vectors()
                    .times(Matrix.build(n, 1, (k, c) -> damped.get(k, 0) * projected.get(k, 0))); // (n, 1)
            Matrix diagonal = squares.times(damped); // (n, 1)
            double error = Matrix.build(n, 1, (a, c) -> weights.get(a, 0) / diagonal.get(a, 0))
                    .sumOfSquares();
            if (error < least) {
                least = error;
                best = weights;
            }
        }
        Matrix correction = white.transposeTimes(white.scaleRows(best.toDoubles())); // (R, R)
        return Matrix.identity(r).scale(1.0 / r).plus(correction);
    }

    private static double sum(Matrix values) {
        double sum = 0;
        for (double x : values.toDoubles()) {
            sum += x;
        }
        return sum;
    }

    /** At most {@code limit} rows, evenly spread. */
    private static Matrix spread(Matrix all, int limit) {
        if (all.rows() <= limit) {
            return all;
        }
        int[] picked = new int[limit];
        for (int i = 0; i < limit; i++) {
            picked[i] = (int) ((long) i * all.rows() / limit);
        }
        return all.selectRows(picked);
    }
}
