package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Rope;
import org.xecomla.tensor.Tensor;

/** {@link Rope}. Legend: N rows, H heads, P rope width. */
final class Nd4jRope implements Rope {
    private final Nd4jScratch scratch;

    Nd4jRope(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void forward(HeadView x, Tensor cos, Tensor sin, Indices positions) {
        try (MemoryWorkspace ws = scratch.open()) {
            rotate(x, planes(cos, positions), planes(sin, positions));
        }
    }

    @Override
    public void backward(HeadView dX, Tensor cos, Tensor sin, Indices positions) {
        try (MemoryWorkspace ws = scratch.open()) {
            // forward was: (x1, x2) = (x1 cos - x2 sin, x2 cos + x1 sin)
            rotate(dX, planes(cos, positions), planes(sin, positions).negi());
        }
    }

    /** The table's values at every row's position: (N, 1, P/2). */
    private static INDArray planes(Tensor table, Indices positions) {
        return Nd4jEmbedding.rows(table, positions).reshape(positions.length(), 1, table.cols()); // (N, 1, P/2)
    }

    private static void rotate(HeadView x, INDArray cos, INDArray sin) {
        int half = x.width() / 2;
        INDArray first = Nd4jHeads.rowsFirst(x.part(0, half)); // (N, H, P/2)
        INDArray second = Nd4jHeads.rowsFirst(x.part(half, 2 * half)); // (N, H, P/2)
        INDArray rotatedFirst = first.mul(cos).subi(second.mul(sin)); // (N, H, P/2)
        second.assign(second.mul(cos).addi(first.mul(sin)));
        first.assign(rotatedFirst);
    }
}
