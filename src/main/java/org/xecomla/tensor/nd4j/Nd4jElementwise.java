package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.xecomla.tensor.Elementwise;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link Elementwise} by operations of whole arrays. */
final class Nd4jElementwise implements Elementwise {
    private static final int CHUNK = 1 << 22; // elements of a temporary

    private final Nd4jScratch scratch;

    Nd4jElementwise(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void fill(Tensor x, double value) {
        NdArrays.of(x).assign(value);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        NdArrays.of(y).assign(NdArrays.of(x));
    }

    @Override
    public void scale(double alpha, Tensor x) {
        NdArrays.of(x).muli(alpha);
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {
        try (MemoryWorkspace ws = scratch.open()) {
            NdArrays.of(y).addi(NdArrays.of(x).mul(alpha));
        }
    }

    @Override
    public double sumOfSquares(Tensor x) {
        double sum = 0;
        for (int r = 0; r < x.rows(); r += rowsPerChunk(x)) {
            Tensor rows = x.rows(r, Math.min(x.rows(), r + rowsPerChunk(x)));
            for (int c = 0; c < x.cols(); c += CHUNK) {
                try (MemoryWorkspace ws = scratch.open()) {
                    INDArray chunk = NdArrays.of(rows.cols(c, Math.min(x.cols(), c + CHUNK)))
                            .castTo(DataType.DOUBLE);
                    sum += chunk.mul(chunk).sumNumber().doubleValue();
                }
            }
        }
        return sum;
    }

    private static int rowsPerChunk(Tensor x) {
        return Math.max(1, CHUNK / Math.max(1, x.cols()));
    }
}
