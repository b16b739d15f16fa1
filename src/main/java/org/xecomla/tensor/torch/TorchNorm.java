package org.xecomla.tensor.torch;

import org.bytedeco.pytorch.global.torch;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Tensor;

/** {@link Norm}. Legend: N rows, D features. */
final class TorchNorm implements Norm {
    private final TorchViews views;

    TorchNorm(TorchViews views) {
        this.views = views;
    }

    @Override
    public void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor in = views.matrix(x); // (N, D)
            org.bytedeco.pytorch.Tensor inverse = TorchViews.mean(in.square(), 1)
                    .add_(TorchViews.scalar(epsilon))
                    .rsqrt_(); // (N, 1)
            views.matrix(inverseRms).copy_(inverse);
            org.bytedeco.pytorch.Tensor out = views.matrix(y); // (N, D)
            torch.mul_out(out, in, inverse);
            out.mul_(views.matrix(gain));
        }
    }

    @Override
    public void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor inverse = views.matrix(inverseRms); // (N, 1)
            org.bytedeco.pytorch.Tensor gradient = views.matrix(dY); // (N, D)
            org.bytedeco.pytorch.Tensor normed = views.matrix(x).mul(inverse); // (N, D)
            if (dGain != null) {
                // forward was: y = normed * gain
                views.matrix(dGain).add_(TorchViews.sum(normed.mul(gradient), 0)); // (1, D)
            }
            // forward was: normed = x / rms(x)
            org.bytedeco.pytorch.Tensor dNormed = gradient.mul(views.matrix(gain)); // (N, D)
            org.bytedeco.pytorch.Tensor projection = TorchViews.mean(dNormed.mul(normed), 1); // (N, 1)
            views.matrix(dX).add_(dNormed.sub_(normed.mul_(projection)).mul_(inverse)); // (N, D)
        }
    }
}
