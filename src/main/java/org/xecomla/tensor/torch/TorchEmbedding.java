package org.xecomla.tensor.torch;

import org.xecomla.tensor.Embedding;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Tensor;

/** {@link Embedding}. Legend: N rows, D features. */
final class TorchEmbedding implements Embedding {
    private final TorchViews views;

    TorchEmbedding(TorchViews views) {
        this.views = views;
    }

    @Override
    public void gather(Tensor table, Indices ids, Tensor out) {
        ids.requireRowsOf(table.rows());
        try (TorchScope scope = views.open()) {
            views.matrix(out).copy_(views.matrix(table).index_select(0, views.ids(ids))); // (N, D)
        }
    }

    @Override
    public void scatterAdd(Tensor dOut, Indices ids, Tensor dTable) {
        ids.requireRowsOf(dTable.rows());
        try (TorchScope scope = views.open()) {
            views.matrix(dTable).index_add_(0, views.ids(ids), views.matrix(dOut));
        }
    }
}
