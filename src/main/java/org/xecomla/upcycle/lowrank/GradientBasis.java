package org.xecomla.upcycle.lowrank;

import java.util.Arrays;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;
import org.xecomla.linalg.Matrix;

/**
 * The basis in which to cut vectors y so that a loss minds least. With S = E[y y<sup>T</sup>], with G = E[g
 * g<sup>T</sup>] of the loss's gradients g by y, damped, and with G<sup>1/2</sup> S G<sup>1/2</sup> = U diag(lambda)
 * U<sup>T</sup>: y ~ D E y, E = U<sup>T</sup> G<sup>1/2</sup>, D = G<sup>-1/2</sup> U. The first R rows and columns of
 * them minimise E[(y - y')<sup>T</sup> G (y - y')], and lose the lambdas that are left out: in units of the loss,
 * whatever y is.
 *
 * <p>Columns of D are scaled to length 1 and rows of E inversely, which changes no product: gradients of a mean loss
 * are small, and weights as small would be moved beyond recognition by Adam's first steps.
 *
 * @param encode E (n, n)
 * @param decode D (n, n)
 * @param energies lambda, falling (n)
 */
public record GradientBasis(Matrix encode, Matrix decode, double[] energies) {
    private static final double DAMPING = 0.01; // of the mean diagonal

    /**
     * @param moment S (n, n)
     * @param gradients G (n, n)
     */
    public static GradientBasis of(Matrix moment, Matrix gradients) {
        int n = moment.rows();
        double added = Math.max(DAMPING * gradients.trace() / n, Double.MIN_NORMAL);
        SymmetricEigen damped =
                LinearAlgebra.symmetricEigen(gradients.plus(Matrix.identity(n).scale(added)));
        Matrix root = damped.apply(x -> Math.sqrt(Math.max(x, added / 2))); // (n, n)
        Matrix inverseRoot = damped.apply(x -> 1 / Math.sqrt(Math.max(x, added / 2))); // (n, n)
        SymmetricEigen eigen = LinearAlgebra.symmetricEigen(root.times(moment).times(root)); // ascending
        int[] falling = new int[n];
        Arrays.setAll(falling, i -> n - 1 - i);
        Matrix basis = eigen.vectors().transpose().selectRows(falling); // U^T (n, n)
        Matrix decode = basis.times(inverseRoot); // D^T (n, n)
        double[] lengths = new double[n];
        double[] inverse = new double[n];
        double[] energies = new double[n];
        for (int i = 0; i < n; i++) {
            lengths[i] = decode.rows(i, i + 1).frobeniusNorm();
            inverse[i] = 1 / lengths[i];
            energies[i] = Math.max(0, eigen.value(n - 1 - i));
        }
        return new GradientBasis(
                basis.times(root).scaleRows(lengths), decode.scaleRows(inverse).transpose(), energies);
    }

    /** The first rows of E. (rank, n) */
    public Matrix down(int rank) {
        return encode.rows(0, rank);
    }

    /** The first columns of D. (n, rank) */
    public Matrix up(int rank) {
        return decode.cols(0, rank);
    }

    /** Share of the energies that the first {@code rank} of them are. */
    public double kept(int rank) {
        double all = Arrays.stream(energies).sum();
        return all > 0 ? Arrays.stream(energies, 0, rank).sum() / all : 1;
    }
}
