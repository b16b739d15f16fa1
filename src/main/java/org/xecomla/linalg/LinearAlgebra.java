package org.xecomla.linalg;

import static org.bytedeco.openblas.global.openblas.LAPACKE_dgelsd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesdd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesv;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesvd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dsyevd;
import static org.bytedeco.openblas.global.openblas.LAPACK_ROW_MAJOR;

import java.util.function.DoubleUnaryOperator;

/**
 * Dense decompositions in double by LAPACK (OpenBLAS). Signs of singular vectors and eigenvectors are LAPACK's and mean
 * nothing. Inputs stay as they are; one with NaN or infinity is refused with {@link ArithmeticException}.
 */
public final class LinearAlgebra {
    private LinearAlgebra() {}

    /**
     * A = U diag(s) V<sup>T</sup>, thin, with A (m, n) and k = min(m, n).
     *
     * @param u (m, k), orthonormal columns
     * @param singularValues (1, k), descending, none below 0
     * @param vt (k, n), orthonormal rows
     */
    public record Svd(Matrix u, Matrix singularValues, Matrix vt) {
        /** Singular value {@code i}, from 0. */
        public double sigma(int i) {
            return singularValues.get(0, i);
        }

        public int size() {
            return singularValues.cols();
        }
    }

    /**
     * A = E diag(e) E<sup>T</sup> of a symmetric A (n, n).
     *
     * @param values (1, n), ascending
     * @param vectors E (n, n), eigenvectors in its columns
     */
    public record SymmetricEigen(Matrix values, Matrix vectors) {
        public double value(int i) {
            return values.get(0, i);
        }

        /** The largest eigenvalue. */
        public double largest() {
            return values.get(0, values.cols() - 1);
        }

        /** E diag(f(e)) E<sup>T</sup>: the function {@code f} of the matrix. (n, n) */
        public Matrix apply(DoubleUnaryOperator f) {
            int n = values.cols();
            double[] factors = new double[n];
            for (int i = 0; i < n; i++) {
                factors[i] = f.applyAsDouble(values.get(0, i));
            }
            return vectors.scaleCols(factors).timesTranspose(vectors); // (n, n)
        }
    }

    /**
     * Thin singular value decomposition: divide and conquer (dgesdd), and QR iteration (dgesvd) where that does not
     * converge.
     */
    public static Svd svd(Matrix a) {
        requireFinite(a, "singular value decomposition");
        int m = a.rows();
        int n = a.cols();
        int k = Math.min(m, n);
        double[] u = new double[Math.multiplyExact(m, k)];
        double[] s = new double[k];
        double[] vt = new double[Math.multiplyExact(k, n)];
        if (k > 0) {
            int info = LAPACKE_dgesdd(LAPACK_ROW_MAJOR, (byte) 'S', m, n, a.toDoubles(), n, s, u, k, vt, n);
            if (info > 0) {
                svdByQrIteration(a, s, u, vt);
            } else {
                require(info, "LAPACKE_dgesdd", a);
            }
        }
        return new Svd(Matrix.wrap(m, k, u), Matrix.wrap(1, k, s), Matrix.wrap(k, n, vt));
    }

    /** Fills s (k), u (m, k) and vt (k, n) by dgesvd. */
    static void svdByQrIteration(Matrix a, double[] s, double[] u, double[] vt) {
        int m = a.rows();
        int n = a.cols();
        int k = Math.min(m, n);
        double[] superDiagonal = new double[Math.max(1, k - 1)];
        byte thin = (byte) 'S';
        int info = LAPACKE_dgesvd(LAPACK_ROW_MAJOR, thin, thin, m, n, a.toDoubles(), n, s, u, k, vt, n, superDiagonal);
        require(info, "LAPACKE_dgesvd", a);
    }

    /** Eigenvalues and eigenvectors of a symmetric matrix; only its upper triangle is read. */
    public static SymmetricEigen symmetricEigen(Matrix a) {
        requireFinite(a, "eigendecomposition");
        requireSquare(a);
        int n = a.rows();
        double[] vectors = a.toDoubles();
        double[] values = new double[n];
        if (n > 0) {
            int info = LAPACKE_dsyevd(LAPACK_ROW_MAJOR, (byte) 'V', (byte) 'U', n, vectors, n, values);
            require(info, "LAPACKE_dsyevd", a);
        }
        return new SymmetricEigen(Matrix.wrap(1, n, values), Matrix.wrap(n, n, vectors));
    }

    /**
     * The X of least norm among those that minimise ||A X - B||, singular values below 1e-12 of the largest counting as
     * zero (dgelsd).
     *
     * @param a (m, n), of any rank
     * @param b (m, p)
     * @return (n, p)
     */
    public static Matrix leastSquares(Matrix a, Matrix b) {
        requireFinite(a, "least squares");
        requireFinite(b, "least squares");
        int m = a.rows();
        int n = a.cols();
        int p = b.cols();
        if (b.rows() != m || m == 0 || n == 0 || p == 0) {
            throw new IllegalArgumentException("no least squares of " + a + " and " + b);
        }
        double[] x = new double[Math.multiplyExact(Math.max(m, n), p)];
        System.arraycopy(b.values(), 0, x, 0, m * p);
        double[] s = new double[Math.min(m, n)];
        int[] rank = new int[1];
        int info = LAPACKE_dgelsd(LAPACK_ROW_MAJOR, m, n, p, a.toDoubles(), n, x, p, s, 1e-12, rank);
        require(info, "LAPACKE_dgelsd", a);
        return Matrix.wrap(Math.max(m, n), p, x).rows(0, n); // (n, p)
    }

    /** A<sup>-1</sup> B for a square A (n, n) and B (n, p); a singular A is an {@link ArithmeticException}. */
    public static Matrix solve(Matrix a, Matrix b) {
        requireFinite(a, "solution of equations");
        requireSquare(a);
        if (b.rows() != a.rows()) {
            throw new IllegalArgumentException("no solution of " + a + " for " + b);
        }
        double[] x = b.toDoubles();
        int n = a.rows();
        if (n > 0 && b.cols() > 0) {
            int info = LAPACKE_dgesv(LAPACK_ROW_MAJOR, n, b.cols(), a.toDoubles(), n, new int[n], x, b.cols());
            require(info, "LAPACKE_dgesv", a);
        }
        return Matrix.wrap(n, b.cols(), x);
    }

    /** A<sup>-1</sup> of a square A; a singular A is an {@link ArithmeticException}. */
    public static Matrix inverse(Matrix a) {
        return solve(a, Matrix.identity(a.rows()));
    }

    private static void requireFinite(Matrix a, String what) {
        if (!a.isFinite()) {
            throw new ArithmeticException("no " + what + " of a " + a + " that holds NaN or infinity");
        }
    }

    private static void requireSquare(Matrix a) {
        if (a.rows() != a.cols()) {
            throw new IllegalArgumentException(a + " is not square");
        }
    }

    private static void require(int info, String routine, Matrix a) {
        if (info != 0) {
            throw new ArithmeticException(routine + " of a " + a + " failed with info " + info);
        }
    }
}
