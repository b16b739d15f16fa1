package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.tensor.Gemm;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link Gemm} by the operation matmul. */
final class Nd4jGemm implements Gemm {
    private final Nd4jScratch scratch;

    Nd4jGemm(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void multiply(
            boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        if (c.length() == 0) {
            return;
        }
        try (MemoryWorkspace ws = scratch.open()) {
            matmul(NdArrays.of(a), transposeA, NdArrays.of(b), transposeB, alpha, beta, NdArrays.of(c));
        }
    }

    /** c = alpha op(a) op(b) + beta c over matrices or batches of matrices. */
    static void matmul(
            INDArray a, boolean transposeA, INDArray b, boolean transposeB, double alpha, double beta, INDArray c) {
        Nd4j.exec(DynamicCustomOp.builder("matmul")
                .addInputs(a, b)
                .addOutputs(c)
                .addIntegerArguments(transposeA ? 1 : 0, transposeB ? 1 : 0, 0)
                .addFloatingPointArguments(alpha, beta)
                .build());
    }
}
