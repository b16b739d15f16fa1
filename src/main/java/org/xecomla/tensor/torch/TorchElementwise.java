package org.xecomla.tensor.torch;

import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.xecomla.tensor.Elementwise;
import org.xecomla.tensor.Tensor;

/** {@link Elementwise}. */
final class TorchElementwise implements Elementwise {
    private final TorchViews views;

    TorchElementwise(TorchViews views) {
        this.views = views;
    }

    @Override
    public void fill(Tensor x, double value) {
        try (TorchScope scope = views.open()) {
            views.matrix(x).fill_(TorchViews.scalar(value));
        }
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        try (TorchScope scope = views.open()) {
            views.matrix(y).copy_(views.matrix(x));
        }
    }

    @Override
    public void scale(double alpha, Tensor x) {
        try (TorchScope scope = views.open()) {
            views.matrix(x).mul_(TorchViews.scalar(alpha));
        }
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {
        try (TorchScope scope = views.open()) {
            views.matrix(y).add_(views.matrix(x), TorchViews.scalar(alpha));
        }
    }

    @Override
    public double sumOfSquares(Tensor x) {
        try (TorchScope scope = views.open()) {
            double norm = torch.linalg_vector_norm(
                            views.matrix(x),
                            TorchViews.scalar(2),
                            new LongArrayRefOptional(),
                            false,
                            new ScalarTypeOptional(ScalarType.Double))
                    .item_double();
            return norm * norm;
        }
    }
}
