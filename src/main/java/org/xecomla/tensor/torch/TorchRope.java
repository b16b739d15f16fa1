package org.xecomla.tensor.torch;

import org.bytedeco.pytorch.global.torch;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Rope;
import org.xecomla.tensor.Tensor;

/** {@link Rope}. Legend: N rows, H heads, P rope width. */
final class TorchRope implements Rope {
    private final TorchViews views;

    TorchRope(TorchViews views) {
        this.views = views;
    }

    @Override
    public void forward(HeadView x, Tensor cos, Tensor sin, Indices positions) {
        try (TorchScope scope = views.open()) {
            rotate(x, planes(cos, positions), planes(sin, positions));
        }
    }

    @Override
    public void backward(HeadView dX, Tensor cos, Tensor sin, Indices positions) {
        try (TorchScope scope = views.open()) {
            // forward was: (x1, x2) = (x1 cos - x2 sin, x2 cos + x1 sin)
            rotate(dX, planes(cos, positions), planes(sin, positions).neg_());
        }
    }

    /** The table's values at every row's position: (N, 1, P/2). */
    private org.bytedeco.pytorch.Tensor planes(Tensor table, Indices positions) {
        positions.requireRowsOf(table.rows());
        return views.matrix(table).index_select(0, views.ids(positions)).unsqueeze(1);
    }

    private void rotate(HeadView x, org.bytedeco.pytorch.Tensor cos, org.bytedeco.pytorch.Tensor sin) {
        int half = x.width() / 2;
        org.bytedeco.pytorch.Tensor first = views.heads(x.part(0, half)); // (N, H, P/2)
        org.bytedeco.pytorch.Tensor second = views.heads(x.part(half, 2 * half)); // (N, H, P/2)
        org.bytedeco.pytorch.Tensor rotated = first.mul(cos).sub_(second.mul(sin)); // (N, H, P/2)
        torch.add_out(second, second.mul(cos), first.mul(sin));
        first.copy_(rotated);
    }
}
