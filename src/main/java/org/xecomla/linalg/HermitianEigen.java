package org.xecomla.linalg;

import java.util.ArrayList;
import java.util.List;

/**
 * Eigenvalues and orthonormal eigenvectors of a Hermitian matrix S = A + iB, A symmetric, B antisymmetric. A vector's
 * phase is free.
 *
 * @param values descending (n)
 * @param real real parts, one vector a column (n, n)
 * @param imaginary imaginary parts (n, n)
 */
public record HermitianEigen(List<Double> values, Matrix real, Matrix imaginary) {
    /** Of a vector's length 1, what must be left of it beside those that were taken, to be another one. */
    private static final double NEW_DIRECTION = 0.5;

    public HermitianEigen {
        values = List.copyOf(values);
    }

    /**
     * By the symmetric matrix [A, -B; B, A], which has every eigenvalue of S twice: for each vector v = x + iy the
     * columns (x, y) and those of iv, (-y, x).
     *
     * @param a symmetric (n, n)
     * @param b antisymmetric (n, n)
     * @throws IllegalArgumentException if the shapes are not the same square, or an element is not finite
     */
    public static HermitianEigen of(Matrix a, Matrix b) {
        int n = a.rows();
        if (b.rows() != n || b.cols() != n || a.cols() != n) {
            throw new IllegalArgumentException("a Hermitian matrix of a " + a + " and a " + b);
        }
        Matrix doubled = Matrix.build(2 * n, 2 * n, (i, j) -> {
            boolean mixed = i < n != j < n;
            double part = mixed ? b.get(i % n, j % n) : a.get(i % n, j % n);
            return i < n && j >= n ? -part : part;
        }); // (2n, 2n)
        LinearAlgebra.SymmetricEigen eigen = LinearAlgebra.symmetricEigen(doubled);
        List<Double> values = new ArrayList<>();
        List<double[][]> taken = new ArrayList<>(); // {x, y} each
        for (int column = 2 * n - 1; column >= 0 && taken.size() < n; column--) {
            double[][] v = part(eigen.vectors(), column, n);
            double left = removeAll(v, taken);
            if (left > NEW_DIRECTION) {
                scale(v, 1 / left);
                taken.add(v);
                values.add(eigen.value(column));
            }
        }
        if (taken.size() < n) {
            throw new IllegalStateException("found " + taken.size() + " of " + n + " eigenvectors");
        }
        return new HermitianEigen(
                values, Matrix.build(n, n, (i, j) -> taken.get(j)[0][i]), Matrix.build(n, n, (i, j) -> taken.get(j)[1][
                        i]));
    }

    private static double[][] part(Matrix vectors, int column, int n) {
        double[][] v = new double[2][n];
        for (int i = 0; i < n; i++) {
            v[0][i] = vectors.get(i, column);
            v[1][i] = vectors.get(n + i, column);
        }
        return v;
    }

    /** v minus its complex projections on {@code taken}; returns the length that is left. */
    private static double removeAll(double[][] v, List<double[][]> taken) {
        for (double[][] u : taken) {
            double re = 0; // <u, v> = sum conj(u) v
            double im = 0;
            for (int i = 0; i < v[0].length; i++) {
                re += u[0][i] * v[0][i] + u[1][i] * v[1][i];
                im += u[0][i] * v[1][i] - u[1][i] * v[0][i];
            }
            for (int i = 0; i < v[0].length; i++) {
                v[0][i] -= re * u[0][i] - im * u[1][i];
                v[1][i] -= re * u[1][i] + im * u[0][i];
            }
        }
        double squares = 0;
        for (int i = 0; i < v[0].length; i++) {
            squares += v[0][i] * v[0][i] + v[1][i] * v[1][i];
        }
        return Math.sqrt(squares);
    }

    private static void scale(double[][] v, double factor) {
        for (int i = 0; i < v[0].length; i++) {
            v[0][i] *= factor;
            v[1][i] *= factor;
        }
    }
}
