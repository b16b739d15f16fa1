package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.xecomla.tensor.Bias;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link Bias} by a broadcast and a sum over rows. */
final class Nd4jBias implements Bias {
    private final Nd4jScratch scratch;

    Nd4jBias(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void forward(Tensor bias, Tensor y) {
        try (MemoryWorkspace ws = scratch.open()) {
            NdArrays.of(y).addiRowVector(NdArrays.of(bias));
        }
    }

    @Override
    public void backward(Tensor dY, Tensor dBias) {
        try (MemoryWorkspace ws = scratch.open()) {
            // forward was: y = ... + bias
            NdArrays.of(dBias).addi(NdArrays.of(dY).sum(true, 0));
        }
    }
}
