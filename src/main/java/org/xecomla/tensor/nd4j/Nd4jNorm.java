package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Tensor;

/** {@link Norm}. Legend: N rows, D features. */
final class Nd4jNorm implements Norm {
    private final Nd4jScratch scratch;

    Nd4jNorm(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray in = x.array(); // (N, D)
            INDArray rms = Transforms.sqrt(in.mul(in).mean(true, 1).addi(epsilon), false); // (N, 1)
            inverseRms.array().assign(rms.rdivi(1)); // (N, 1)
            y.array().assign(in.mulColumnVector(rms).muliRowVector(gain.array())); // (N, D)
        }
    }

    @Override
    public void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray inverse = inverseRms.array().dup('c'); // (N, 1)
            INDArray normed = x.array().mulColumnVector(inverse); // (N, D)
            if (dGain != null) {
                // forward was: y = normed * gain
                dGain.array().addi(normed.mul(dY.array()).sum(true, 0)); // (1, D)
            }
            // forward was: normed = x / rms(x)
            INDArray dNormed = dY.array().mulRowVector(gain.array()); // (N, D)
            INDArray projection = dNormed.mul(normed).mean(true, 1); // (N, 1)
            dNormed.subi(normed.muliColumnVector(projection)).muliColumnVector(inverse); // (N, D)
            dX.array().addi(dNormed);
        }
    }
}
