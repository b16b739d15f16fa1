package org.xecomla.tensor.torch;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.global.torch;
import org.xecomla.tensor.SwiGlu;
import org.xecomla.tensor.Tensor;

/** {@link SwiGlu}. Legend: N rows, F features. The binding has no method for the backward of silu. */
final class TorchSwiGlu implements SwiGlu {
    private final TorchViews views;

    TorchSwiGlu(TorchViews views) {
        this.views = views;
    }

    @Override
    public void forward(Tensor gate, Tensor up, Tensor out) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor product = views.matrix(out); // (N, F)
            torch.silu_out(product, views.matrix(gate));
            product.mul_(views.matrix(up));
        }
    }

    @Override
    public void backward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        try (TorchScope scope = views.open()) {
            // forward was: out = silu(gate) * up
            org.bytedeco.pytorch.Tensor gradient = views.matrix(dOut); // (N, F)
            org.bytedeco.pytorch.Tensor dSilu = gradient.mul(views.matrix(up)); // (N, F)
            torch.mul_out(views.matrix(dUp), torch.silu(views.matrix(gate)), gradient);
            OperatorHandle siluBackward = Dispatcher.singleton().findSchemaOrThrow("aten::silu_backward", "grad_input");
            siluBackward.callBoxed(new IValueVector(
                    new IValue(dSilu), new IValue(views.matrix(gate)), new IValue(views.matrix(dGate))));
        }
    }
}
