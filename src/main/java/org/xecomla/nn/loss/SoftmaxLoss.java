package org.xecomla.nn.loss;

import java.util.List;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * A loss that is told by q = softmax(beta z), beta = 1/T, and the logits z of few listed tokens. Legend: N positions, V
 * vocabulary, k listed tokens.
 */
sealed interface SoftmaxLoss extends TokenLoss permits CrossEntropy, ForwardKl, BucketDivergence {
    /** T, above 0. */
    double temperature();

    /** 1/T. */
    default double beta() {
        return 1 / temperature();
    }

    /** What the gradient is multiplied by. */
    double weight();

    @Override
    SoftmaxLoss rows(int from, int to);

    /** The tokens that the loss speaks of. */
    ListedTargets listed();

    /** @param z (N, k) logits of the listed tokens */
    LossSums forward(SoftmaxRows q, ListedTargets listed, double[] z);

    /** Adds to the gradient that {@code q} gathers; after the forward. */
    void backward(SoftmaxRows q, ListedTargets listed);

    @Override
    default LossSums apply(Tensor logits, boolean backward, Kernels kernels, Arena arena) {
        return SoftmaxRows.apply(List.of(this), logits, backward, kernels, arena); // (N, V)
    }
}
