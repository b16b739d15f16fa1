package org.xecomla.nn;

import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * A forward through a model whose backward is to come. In between, losses of some of its hidden states may be asked for
 * and their gradients added, as often as need be: a loss must sometimes be known before its gradient can be. What is
 * kept lies on the arena until this is closed. Legend: B batch, T time, D model.
 */
public final class TrainingPass implements AutoCloseable {
    private final Backbone backbone;
    private final ChunkedHead head;
    private final Backbone.Cache cache;
    private final Tensor dHidden; // (B*T, D)
    private final Arena arena;
    private final long mark;

    private TrainingPass(
            Backbone backbone, ChunkedHead head, Backbone.Cache cache, Tensor dHidden, Arena arena, long mark) {
        this.backbone = backbone;
        this.head = head;
        this.cache = cache;
        this.dHidden = dHidden;
        this.arena = arena;
        this.mark = mark;
    }

    static TrainingPass of(Backbone backbone, ChunkedHead head, int[] ids, Sequences sequences, Arena arena) {
        long mark = arena.mark();
        Backbone.Cache cache = backbone.forward(ids, sequences, arena);
        Tensor dHidden = arena.matrix(ids.length, backbone.config().hiddenSize()); // (B*T, D)
        backbone.kernels().elementwise().fill(dHidden, 0); // (B*T, D)
        return new TrainingPass(backbone, head, cache, dHidden, arena, mark);
    }

    /** The loss of rows {@code from} (inclusive) to {@code to} (exclusive) of B*T. */
    public LossSums loss(int from, int to, TokenLoss loss) {
        return head.loss(cache.hidden().rows(from, to), loss, arena);
    }

    /** {@link #loss}, whose gradient is added to the head's and becomes that of the rows. */
    public LossSums lossAndGradients(int from, int to, TokenLoss loss) {
        Tensor hidden = cache.hidden().rows(from, to); // (to - from, D)
        return head.lossAndGradients(hidden, loss, dHidden.rows(from, to), arena); // (to - from, D)
    }

    /**
     * Adds into the gradients of all that lies below the head.
     *
     * @param layers a loss of what the layers say, whose gradients are added too; null: none
     */
    public void backward(LayerLoss layers) {
        // forward was: hidden = backbone(ids)
        backbone.backward(dHidden, cache, layers, arena);
    }

    @Override
    public void close() {
        arena.release(mark);
    }
}
