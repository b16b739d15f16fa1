package org.xecomla.tensor.torch;

import org.xecomla.tensor.HeadCopy;
import org.xecomla.tensor.HeadView;

/** {@link HeadCopy}. Legend: N rows, H heads of W columns. */
final class TorchHeadCopy implements HeadCopy {
    private final TorchViews views;

    TorchHeadCopy(TorchViews views) {
        this.views = views;
    }

    @Override
    public void copy(HeadView source, HeadView target) {
        try (TorchScope scope = views.open()) {
            views.heads(target).copy_(views.heads(source)); // (N, H, W)
        }
    }

    @Override
    public void add(HeadView source, HeadView target) {
        try (TorchScope scope = views.open()) {
            if (target.headStride() != 0) {
                views.heads(target).add_(views.heads(source)); // (N, H, W)
            } else {
                views.matrix(target.head(0)).add_(views.heads(source).sum(1)); // (N, W)
            }
        }
    }
}
