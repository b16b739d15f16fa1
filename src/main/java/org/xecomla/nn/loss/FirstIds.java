package org.xecomla.nn.loss;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * A loss over the first ids of a vocabulary, those that student and teacher have in common: logits of others, which are
 * padding, are not computed. Legend: N positions, V vocabulary.
 *
 * @param numIds the logits that the loss is told have no more columns
 */
public record FirstIds(TokenLoss loss, int numIds) implements TokenLoss {
    public FirstIds {
        if (numIds < 1) {
            throw new IllegalArgumentException("a loss over " + numIds + " ids");
        }
    }

    @Override
    public int numRows() {
        return loss.numRows();
    }

    @Override
    public FirstIds rows(int from, int to) {
        return new FirstIds(loss.rows(from, to), numIds);
    }

    @Override
    public LossSums apply(Tensor logits, boolean backward, Kernels kernels, Arena arena) {
        return loss.apply(logits, backward, kernels, arena); // (N, min(V, numIds))
    }
}
