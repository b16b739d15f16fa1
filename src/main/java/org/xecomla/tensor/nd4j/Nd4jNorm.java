package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link Norm}. Legend: N rows, D features. */
final class Nd4jNorm implements Norm {
    private final Nd4jScratch scratch;

    Nd4jNorm(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray in = NdArrays.of(x); // (N, D)
            INDArray rms = Transforms.sqrt(in.mul(in).mean(true, 1).addi(epsilon), false); // (N, 1)
            NdArrays.of(inverseRms).assign(rms.rdivi(1)); // (N, 1)
            NdArrays.of(y).assign(in.mulColumnVector(rms).muliRowVector(NdArrays.of(gain))); // (N, D)
        }
    }

    @Override
    public void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray inverse = NdArrays.of(inverseRms).dup('c'); // (N, 1)
            INDArray normed = NdArrays.of(x).mulColumnVector(inverse); // (N, D)
            if (dGain != null) {
                // forward was: y = normed * gain
                NdArrays.of(dGain).addi(normed.mul(NdArrays.of(dY)).sum(true, 0)); // (1, D)
            }
            // forward was: normed = x / rms(x)
            INDArray dNormed = NdArrays.of(dY).mulRowVector(NdArrays.of(gain)); // (N, D)
            INDArray projection = dNormed.mul(normed).mean(true, 1); // (N, 1)
            dNormed.subi(normed.muliColumnVector(projection)).muliColumnVector(inverse); // (N, D)
            NdArrays.of(dX).addi(dNormed);
        }
    }
}
