package org.xecomla.tensor.torch;

import org.xecomla.tensor.Bias;
import org.xecomla.tensor.Tensor;

/** {@link Bias} by a broadcast and a sum over rows. */
final class TorchBias implements Bias {
    private final TorchViews views;

    TorchBias(TorchViews views) {
        this.views = views;
    }

    @Override
    public void forward(Tensor bias, Tensor y) {
        try (TorchScope scope = views.open()) {
            views.matrix(y).add_(views.matrix(bias));
        }
    }

    @Override
    public void backward(Tensor dY, Tensor dBias) {
        try (TorchScope scope = views.open()) {
            // forward was: y = ... + bias
            views.matrix(dBias).add_(TorchViews.sum(views.matrix(dY), 0)); // (1, D)
        }
    }
}
