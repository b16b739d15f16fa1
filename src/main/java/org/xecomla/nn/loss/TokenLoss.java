package org.xecomla.nn.loss;

import org.xecomla.config.Divergence;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * A loss of N positions that their logits tell. Each loss is one file, which holds its value and its gradient.
 *
 * <p>Nothing is shifted here: row n of targets and labels speaks of the token after position n. A loss knows its
 * weight: the gradient is that of weight times the sum over its positions. Legend: N positions, V vocabulary.
 */
public sealed interface TokenLoss permits SoftmaxLoss, CombinedLoss, FirstIds {
    /** N. */
    int numRows();

    /** Over how many of the first ids it is, at most: it is told the logits of no others. */
    default int numIds() {
        return Integer.MAX_VALUE;
    }

    /** Positions {@code from} (inclusive) to {@code to} (exclusive). */
    TokenLoss rows(int from, int to);

    /**
     * The sums over the positions, and with {@code backward} the gradient in the logits' own memory.
     *
     * @param logits (N, V), of no more than {@link #numIds} ids: leaves as its gradient, or spent
     */
    LossSums apply(Tensor logits, boolean backward, Kernels kernels, Arena arena);

    /**
     * The loss that tells how far the student is from its teacher.
     *
     * @param targets the teacher's distributions at {@code temperature}
     * @throws IllegalArgumentException where the targets are draws, which tell forward KL only
     */
    static TokenLoss of(Divergence divergence, SoftLabels targets, double temperature, double weight) {
        return switch (divergence) {
            case FORWARD_KL -> new ForwardKl(targets, temperature, weight);
            case REVERSE_KL -> new ReverseKl(targets, temperature, weight);
            case JENSEN_SHANNON -> new JensenShannon(targets, temperature, weight);
        };
    }
}
