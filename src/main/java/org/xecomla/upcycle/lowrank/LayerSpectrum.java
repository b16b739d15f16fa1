package org.xecomla.upcycle.lowrank;

import java.io.Serializable;

/**
 * What the ranks of a layer are chosen by. An energy is a squared singular value, of what the factorisation cuts.
 *
 * @param logCondition log of the product of the condition numbers of the weights of keys and of values
 * @param keys energies, falling
 * @param values likewise
 */
public record LayerSpectrum(double logCondition, double[] keys, double[] values) implements Serializable {
    private static final double SMALLEST = 1e-6; // of the largest singular value

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
}
