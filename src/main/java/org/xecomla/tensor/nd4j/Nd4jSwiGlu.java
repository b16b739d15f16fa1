package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.SwiGlu;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link SwiGlu}. Legend: N rows, F inner features. */
final class Nd4jSwiGlu implements SwiGlu {
    private final Nd4jScratch scratch;

    Nd4jSwiGlu(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void forward(Tensor gate, Tensor up, Tensor out) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray g = NdArrays.of(gate); // (N, F)
            NdArrays.of(out).assign(Transforms.sigmoid(g, true).muli(g).muli(NdArrays.of(up)));
        }
    }

    @Override
    public void backward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray d = NdArrays.of(dOut); // (N, F)
            INDArray g = NdArrays.of(gate); // (N, F)
            INDArray sigmoid = Transforms.sigmoid(g, true); // (N, F)
            INDArray silu = sigmoid.mul(g); // (N, F)
            // forward was: silu = gate * sigmoid(gate)
            INDArray slope = sigmoid.rsub(1).muli(silu).addi(sigmoid); // (N, F)
            // forward was: out = silu * up
            INDArray gradientOfGate = slope.muli(NdArrays.of(up)).muli(d); // (N, F)
            NdArrays.of(dUp).assign(silu.muli(d));
            NdArrays.of(dGate).assign(gradientOfGate);
        }
    }
}
