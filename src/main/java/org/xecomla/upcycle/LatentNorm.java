package org.xecomla.upcycle;

import java.util.Map;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.Matrix;
import org.xecomla.linalg.UnitLengthBasis;
import org.xecomla.upcycle.base.LayerActivations;

/**
 * An RMSNorm on the latent c of R dimensions, and the change of basis c -> T c before it that makes the norm matter
 * least.
 *
 * <p>The norm divides every token's latent by its own rms, which no weight can undo; but the basis of the latent is
 * free, so it is chosen such that the rms is nearly the same for all tokens.
 *
 * @param basis T (R, R); null: the basis stays
 * @param gain (1, R); null: no norm
 * @param error root mean square of ||norm(T c) - T c|| / ||T c|| over the sample; 0 without a norm
 */
record LatentNorm(Matrix basis, Matrix gain, double error) {

    /** No norm. */
    static final LatentNorm NONE = new LatentNorm(null, null, 0);

    /**
     * A norm that leaves the basis alone; its gain is the latents' mean rms.
     *
     * @param down (R, D)
     */
    static LatentNorm plain(Matrix down, LayerActivations activations) {
        Matrix latents = activations.sample().timesTranspose(down); // (n, R)
        double value = meanRms(latents);
        Matrix gain = Matrix.build(1, down.rows(), (i, j) -> value); // (1, R)
        return new LatentNorm(null, gain, scaleError(latents, value));
    }

    /**
     * The basis in which the squared length of the sample's latents is as near to 1 as a quadratic form can bring it,
     * with gain 1/sqrt(R): the fifth step of the aligned start.
     *
     * @param down (R, D)
     */
    static LatentNorm fitted(Matrix down, LayerActivations activations) {
        int r = down.rows();
        Matrix latents = activations.sample().timesTranspose(down); // (n, R)
        Matrix basis = UnitLengthBasis.fit(latents); // (R, R)
        double value = 1 / Math.sqrt(r);
        Matrix gain = Matrix.build(1, r, (i, j) -> value); // (1, R)
        return new LatentNorm(basis, gain, scaleError(latents.timesTranspose(basis), value));
    }

    /** T W. (R, D) */
    Matrix applyToDown(Matrix down) {
        return basis == null ? down : basis.times(down);
    }

    /** W T<sup>-1</sup>. (M, R) */
    Matrix applyToUp(Matrix up) {
        return basis == null ? up : up.times(LinearAlgebra.inverse(basis));
    }

    void putInto(Map<String, Matrix> tensors, String prefix) {
        if (gain != null) {
            tensors.put(prefix + ParameterNames.KV_A_NORM, gain);
        }
    }

    private static double rms(Matrix latents, int row) {
        return Math.sqrt(latents.rows(row, row + 1).sumOfSquares() / latents.cols() + ModelConfig.LATENT_NORM_EPS);
    }

    private static double meanRms(Matrix latents) {
        double sum = 0;
        for (int n = 0; n < latents.rows(); n++) {
            sum += rms(latents, n);
        }
        return sum / latents.rows();
    }

    private static double scaleError(Matrix latents, double gain) {
        double sum = 0;
        for (int n = 0; n < latents.rows(); n++) {
            double off = gain / rms(latents, n) - 1;
            sum += off * off;
        }
        return Math.sqrt(sum / latents.rows());
    }
}
