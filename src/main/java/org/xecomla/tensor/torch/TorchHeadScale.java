package org.xecomla.tensor.torch;

import org.xecomla.tensor.HeadScale;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Tensor;

/** {@link HeadScale}. Legend: N rows, H heads of W columns, G groups. */
final class TorchHeadScale implements HeadScale {
    private final TorchViews views;

    TorchHeadScale(TorchViews views) {
        this.views = views;
    }

    @Override
    public void inverseRms(HeadView x, double epsilon, Tensor s) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor mean =
                    TorchViews.mean(views.groups(x, s.cols()).square(), 2, 3); // (N, G, 1, 1)
            factors(s).copy_(mean.add_(TorchViews.scalar(epsilon)).rsqrt_());
        }
    }

    @Override
    public void inverseRmsBackward(Tensor dS, HeadView x, Tensor s, HeadView dX) {
        try (TorchScope scope = views.open()) {
            // forward was: s = (mean(x^2) + epsilon)^(-1/2)
            int members = x.numHeads() / s.cols();
            double count = (double) members * x.width();
            org.bytedeco.pytorch.Tensor factor =
                    factors(s).pow(TorchViews.scalar(3)).mul_(factors(dS)); // (N, G, 1, 1)
            views.groups(dX, s.cols())
                    .sub_(views.groups(x, s.cols()).mul(factor.div_(TorchViews.scalar(count)))); // (N, G, H/G, W)
        }
    }

    @Override
    public void scale(HeadView x, Tensor s) {
        try (TorchScope scope = views.open()) {
            views.groups(x, s.cols()).mul_(factors(s)); // (N, G, H/G, W)
        }
    }

    @Override
    public void scaleBackward(HeadView dY, HeadView y, Tensor s, Tensor dS) {
        try (TorchScope scope = views.open()) {
            // forward was: y = s x
            org.bytedeco.pytorch.Tensor gradient = views.groups(dY, s.cols()); // (N, G, H/G, W)
            org.bytedeco.pytorch.Tensor product = gradient.mul(views.groups(y, s.cols())); // (N, G, H/G, W)
            factors(dS).copy_(TorchViews.sum(product, 2, 3).div_(factors(s)));
            gradient.mul_(factors(s));
        }
    }

    @Override
    public void scaleScores(Tensor scores, Tensor s) {
        int members = scores.rows() / s.cols();
        try (TorchScope scope = views.open()) {
            for (int g = 0; g < s.cols(); g++) {
                views.matrix(scores.rows(g * members, (g + 1) * members))
                        .mul_(views.matrix(s.cols(g, g + 1)).t()); // (H/G, N)
            }
        }
    }

    /** (N, G, 1, 1). */
    private org.bytedeco.pytorch.Tensor factors(Tensor s) {
        return views.matrix(s).unsqueeze(2).unsqueeze(3);
    }
}
