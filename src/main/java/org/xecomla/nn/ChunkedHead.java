package org.xecomla.nn;

import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * Language-model head and loss as one operation over chunks of positions, so that logits of all positions never exist
 * at once. Legend: N positions, n positions of a chunk, D model, V vocabulary.
 *
 * @param head (V, D), commonly the embedding's own memory
 * @param chunkRows n
 */
record ChunkedHead(Linear head, int chunkRows) {
    private static final int CHUNK_ELEMENTS = 1 << 22; // 16 MiB of float: they stay in the cache
    private static final int MOST_ELEMENTS = 1 << 25;
    private static final int GOOD_ROWS = 1024; // below, packing and rounding the head for a product shows
    private static final int LEAST_ROWS = 64;

    static ChunkedHead of(Linear head) {
        return new ChunkedHead(head, rows(head.numOutputs()));
    }

    /**
     * Positions whose logits over {@code vocabSize} tokens exist at once: at most 128 MiB, but for the largest
     * vocabularies.
     */
    static int rows(int vocabSize) {
        int good = Math.max(LEAST_ROWS, Math.min(GOOD_ROWS, MOST_ELEMENTS / vocabSize));
        return Math.max(CHUNK_ELEMENTS / vocabSize, good);
    }

    /** @param hidden (N, D), after the final norm */
    LossSums loss(Tensor hidden, TokenLoss loss, Arena arena) {
        return over(hidden, loss, null, arena);
    }

    /**
     * Adds into the head's gradient.
     *
     * @param hidden (N, D), after the final norm
     * @param dHidden (N, D), overwritten
     */
    LossSums lossAndGradients(Tensor hidden, TokenLoss loss, Tensor dHidden, Arena arena) {
        return over(hidden, loss, dHidden, arena);
    }

    /** @param dHidden null: sums only */
    private LossSums over(Tensor hidden, TokenLoss loss, Tensor dHidden, Arena arena) {
        if (loss.numRows() != hidden.rows()) {
            throw new IllegalArgumentException(
                    "a loss of " + loss.numRows() + " positions for hidden states of " + hidden.rows());
        }
        Linear head = this.head.firstOutputs(loss.numIds());
        LossSums sums = LossSums.ZERO;
        for (int from = 0; from < hidden.rows(); from += chunkRows) {
            int to = Math.min(hidden.rows(), from + chunkRows);
            long mark = arena.mark();
            Tensor x = hidden.rows(from, to); // (n, D)
            Tensor logits = head.forward(x, arena); // (n, V)
            sums = sums.plus(loss.rows(from, to).apply(logits, dHidden != null, head.kernels(), arena)); // (n, V)
            if (dHidden != null) {
                // forward was: logits = head(x), and logits hold their gradient now
                head.backward(logits, x, dHidden.rows(from, to)); // (n, D)
            }
            arena.release(mark);
        }
        return sums;
    }
}
