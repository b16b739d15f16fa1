package org.xecomla.upcycle.base;

import java.util.Arrays;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.Matrix;

/**
 * A weight W (M, D) as the product of two thinner ones, cut where a {@link RankPolicy} says.
 *
 * @param down (R, D)
 * @param up (M, R)
 * @param energyKept share of the squared singular values below the cut
 */
public record LowRank(Matrix down, Matrix up, double energyKept) {

    /** The best approximation of {@code weight} in the Frobenius norm. */
    public static LowRank of(Matrix weight, RankPolicy policy, SingularValues place) {
        return of(LinearAlgebra.svd(weight), policy, place);
    }

    /**
     * The approximation of {@code weight} that changes its outputs least over inputs of a given second moment.
     *
     * @param root square root of the second moment (D, D)
     * @param inverseRoot its inverse (D, D)
     */
    public static LowRank weighted(
            Matrix weight, Matrix root, Matrix inverseRoot, RankPolicy policy, SingularValues place) {
        LowRank of = of(LinearAlgebra.svd(weight.times(root)), policy, place);
        return new LowRank(of.down.times(inverseRoot), of.up, of.energyKept);
    }

    private static LowRank of(LinearAlgebra.Svd svd, RankPolicy policy, SingularValues place) {
        int rank = policy.rank(svd.singularValues());
        double[] sigma = Arrays.copyOf(svd.singularValues().toDoubles(), rank);
        Matrix up = svd.u().cols(0, rank); // (M, R)
        Matrix down = svd.vt().rows(0, rank); // (R, D)
        double total = svd.singularValues().sumOfSquares();
        double kept = total == 0 ? 1 : svd.singularValues().cols(0, rank).sumOfSquares() / total;
        return place == SingularValues.DOWN
                ? new LowRank(down.scaleRows(sigma), up, kept)
                : new LowRank(down, up.scaleCols(sigma), kept);
    }

    /** R. */
    public int rank() {
        return down.rows();
    }
}
