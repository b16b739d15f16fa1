package org.xecomla.tensor.torch;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.xecomla.tensor.AdamW;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Tensor;

/** {@link AdamW} by libtorch's fused pass, which its binding has no method for. */
final class TorchAdamW implements AdamW {
    private final TorchViews views;

    TorchAdamW(TorchViews views) {
        this.views = views;
    }

    @Override
    public void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor gradient =
                    views.matrix(gradients).mul(TorchViews.scalar(step.gradientScale())); // (1, n)
            // libtorch counts steps in float, exact up to 2^24.
            org.bytedeco.pytorch.Tensor count =
                    views.of(new double[] {step.step()}, 1).to(ScalarType.Float); // (1)
            OperatorHandle fused = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
            fused.callBoxed(new IValueVector(
                    list(views.matrix(weights)),
                    list(gradient),
                    list(views.matrix(moments1)),
                    list(views.matrix(moments2)),
                    list(), // largest second moments: AMSGrad's
                    list(count),
                    new IValue(step.learningRate()),
                    new IValue(step.beta1()),
                    new IValue(step.beta2()),
                    new IValue(step.weightDecay()),
                    new IValue(step.epsilon()),
                    new IValue(false), // AMSGrad
                    new IValue(false), // maximise
                    new IValue(), // a scale of gradients on the device
                    new IValue())); // whether an infinity was found
        }
    }

    private static IValue list(org.bytedeco.pytorch.Tensor... tensors) {
        GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
        for (org.bytedeco.pytorch.Tensor tensor : tensors) {
            list.push_back(new IValue(tensor));
        }
        return new IValue(list);
    }
}
