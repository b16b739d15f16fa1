package org.xecomla.upcycle.lowrank;

import java.io.Serializable;
import java.util.List;

/**
 * What the ranks of a layer are chosen by. An energy is what the factorisation loses by leaving a direction out: a
 * squared singular value, or an eigenvalue.
 *
 * @param logCondition log of the product of the condition numbers of the weights of keys and of values
 * @param energies of each latent of the layer, falling: of keys, then of values; or of both together
 */
public record LayerSpectrum(double logCondition, List<double[]> energies) implements Serializable {
    private static final double SMALLEST = 1e-6; // of the largest singular value

    public LayerSpectrum {
        energies = List.copyOf(energies);
    }

    /**
     * Log of the condition number of a matrix.
     *
     * @param singularValues falling
     */
    public static double logCondition(double[] singularValues) {
        double first = singularValues[0];
        double last = Math.max(singularValues[singularValues.length - 1], SMALLEST * first);
        return first > 0 ? Math.log(first / last) : 0;
    }

    /** Energies of singular values. */
    public static double[] squares(double[] singularValues) {
        double[] squares = new double[singularValues.length];
        for (int i = 0; i < squares.length; i++) {
            squares[i] = singularValues[i] * singularValues[i];
        }
        return squares;
    }
}
