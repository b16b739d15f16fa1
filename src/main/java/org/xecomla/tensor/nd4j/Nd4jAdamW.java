package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.AdamW;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link AdamW}, a part of the segment after the other. */
final class Nd4jAdamW implements AdamW {
    private static final int CHUNK = 1 << 22; // elements of a temporary

    private final Nd4jScratch scratch;

    Nd4jAdamW(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        for (int from = 0; from < weights.cols(); from += CHUNK) {
            int to = Math.min(weights.cols(), from + CHUNK);
            try (MemoryWorkspace ws = scratch.open()) {
                adamWChunk(
                        step,
                        NdArrays.of(weights.cols(from, to)),
                        NdArrays.of(gradients.cols(from, to)),
                        NdArrays.of(moments1.cols(from, to)),
                        NdArrays.of(moments2.cols(from, to)));
            }
        }
    }

    private static void adamWChunk(AdamWStep step, INDArray w, INDArray g, INDArray m, INDArray v) {
        double correction1 = 1 - Math.pow(step.beta1(), step.step());
        double correction2 = 1 - Math.pow(step.beta2(), step.step());
        INDArray gradient = g.mul(step.gradientScale()); // (1, n)
        m.muli(step.beta1()).addi(gradient.mul(1 - step.beta1()));
        v.muli(step.beta2()).addi(gradient.muli(gradient).muli(1 - step.beta2()));
        INDArray root = Transforms.sqrt(v.div(correction2), false).addi(step.epsilon()); // (1, n)
        w.muli(1 - step.learningRate() * step.weightDecay());
        w.subi(m.div(root).muli(step.learningRate() / correction1));
    }
}
