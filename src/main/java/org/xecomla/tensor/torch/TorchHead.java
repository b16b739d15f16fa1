package org.xecomla.tensor.torch;

import org.xecomla.tensor.Head;
import org.xecomla.tensor.Tensor;

/** {@link Head}. Legend: N rows, V vocabulary, k chosen columns of a row. */
final class TorchHead implements Head {
    private final TorchViews views;

    TorchHead(TorchViews views) {
        this.views = views;
    }

    @Override
    public void softmax(Tensor x, double beta, double[] logSumExp) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor in = views.matrix(x).mul_(TorchViews.scalar(beta)); // (N, V)
            org.bytedeco.pytorch.Tensor sums = in.logsumexp(new long[] {1}, true); // (N, 1)
            in.sub_(sums).exp_();
            TorchViews.read(sums, logSumExp, x.rows());
        }
    }

    @Override
    public void scaleRows(double[] factors, Tensor x) {
        try (TorchScope scope = views.open()) {
            views.matrix(x).mul_(views.of(factors, factors.length, 1));
        }
    }

    @Override
    public void gather(Tensor x, int[] ids, double[] values) {
        int[] columns = columns(ids, x.cols());
        if (ids.length == 0) {
            return;
        }
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor read =
                    views.matrix(x).gather(1, views.ids(columns, x.rows(), ids.length / x.rows())); // (N, k)
            TorchViews.read(read, values, ids.length);
        }
        for (int i = 0; i < ids.length; i++) {
            values[i] = ids[i] < 0 ? 0 : values[i];
        }
    }

    @Override
    public void scatterAdd(double[] values, int[] ids, Tensor x) {
        int[] columns = columns(ids, x.cols());
        if (ids.length == 0) {
            return;
        }
        double[] added = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            added[i] = ids[i] < 0 ? 0 : values[i];
        }
        int perRow = ids.length / x.rows();
        try (TorchScope scope = views.open()) {
            views.matrix(x).scatter_add_(1, views.ids(columns, x.rows(), perRow), views.of(added, x.rows(), perRow));
        }
    }

    /** Column 0 stands for a negative id. */
    private static int[] columns(int[] ids, int bound) {
        int[] columns = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] >= bound) {
                throw new IndexOutOfBoundsException("id " + ids[i] + " of " + bound);
            }
            columns[i] = Math.max(0, ids[i]);
        }
        return columns;
    }
}
