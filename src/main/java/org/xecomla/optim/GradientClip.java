package org.xecomla.optim;

import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;

/**
 * Clipping by the global norm (Pascanu et al. 2013), as {@code torch.nn.utils.clip_grad_norm_}: all gradients times
 * min(1, maxNorm / (norm + 1e-6)).
 *
 * @param maxNorm above 0; infinite: no clipping
 */
public record GradientClip(double maxNorm) {
    private static final double EPSILON = 1e-6;

    /** No clipping. */
    public static final GradientClip NONE = new GradientClip(Double.POSITIVE_INFINITY);

    public GradientClip {
        if (!(maxNorm > 0)) {
            throw new IllegalArgumentException("no clipping to a norm of " + maxNorm);
        }
    }

    /** Square root of the sum of squares of all gradients, accumulated in double. */
    public static double globalNorm(ParameterStore gradients, Kernels kernels) {
        return Math.sqrt(gradients.trainableSegments().stream()
                .mapToDouble(kernels.elementwise()::sumOfSquares)
                .sum());
    }

    /** What gradients of the global norm {@code norm} are to be multiplied by. */
    public double factor(double norm) {
        return Math.min(1, maxNorm / (norm + EPSILON));
    }
}
