package org.xecomla.upcycle.lowrank;

import org.xecomla.config.RankConfig.Shrinkage;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;
import org.xecomla.linalg.Matrix;

/**
 * The root of the second moment C of a layer's inputs: ||(W - W') C<sup>1/2</sup>|| is how far outputs are off in the
 * root mean square. Legend: D model.
 *
 * @param root (D, D)
 * @param inverse of it (D, D)
 */
public record InputRoot(Matrix root, Matrix inverse) {
    private static final double RIDGE = 0.1; // of the mean diagonal: ten times the 0.01 that CARE's code is given
    private static final double MIXED = 0.01;
    private static final double SMALLEST = 1e-14; // of the largest eigenvalue

    /** @param moment C (D, D) */
    public static InputRoot of(Matrix moment, Shrinkage shrinkage) {
        int d = moment.rows();
        double ridge = shrinkage == Shrinkage.CODE ? RIDGE * moment.trace() / d : 0;
        SymmetricEigen eigen =
                LinearAlgebra.symmetricEigen(moment.plus(Matrix.identity(d).scale(ridge)));
        double floor = Math.max(SMALLEST * eigen.largest(), Double.MIN_NORMAL);
        Matrix root = eigen.apply(x -> Math.sqrt(Math.max(x, floor))); // (D, D)
        if (shrinkage != Shrinkage.PAPER) {
            return new InputRoot(root, eigen.apply(x -> 1 / Math.sqrt(Math.max(x, floor))));
        }
        Matrix mixed = root.scale(1 - MIXED).plus(Matrix.identity(d).scale(MIXED * root.trace() / d)); // (D, D)
        return new InputRoot(mixed, LinearAlgebra.inverse(mixed));
    }
}
