package org.xecomla.tensor.torch;

import org.xecomla.tensor.Gemm;
import org.xecomla.tensor.Tensor;

/** {@link Gemm} by addmm. */
final class TorchGemm implements Gemm {
    private final TorchViews views;

    TorchGemm(TorchViews views) {
        this.views = views;
    }

    @Override
    public void multiply(
            boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        if (c.length() == 0) {
            return;
        }
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor left = views.matrix(a);
            org.bytedeco.pytorch.Tensor right = views.matrix(b);
            views.matrix(c)
                    .addmm_(
                            transposeA ? left.t() : left,
                            transposeB ? right.t() : right,
                            TorchViews.scalar(beta),
                            TorchViews.scalar(alpha));
        }
    }
}
