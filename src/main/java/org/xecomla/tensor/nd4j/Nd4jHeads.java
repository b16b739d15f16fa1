package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** Strided ND4J arrays over the memory of a {@link HeadView}. N rows, H heads of W columns. */
final class Nd4jHeads {
    private Nd4jHeads() {}

    /** All rows of all heads: (N, H, W). */
    static INDArray rowsFirst(HeadView x) {
        Tensor t = x.tensor();
        return view(t, x.offset(), new long[] {t.rows(), x.numHeads(), x.width()}, t.stride(), x.headStride());
    }

    /**
     * Rows {@code from} to {@code to} of the {@code count} heads first, first + step, first + 2 step ...: (count, rows,
     * W).
     */
    static INDArray headsFirst(HeadView x, int from, int to, int first, int step, int count) {
        Tensor t = x.tensor().rows(from, to);
        int offset = first * x.headStride() + x.offset();
        return view(t, offset, new long[] {count, to - from, x.width()}, (long) step * x.headStride(), t.stride());
    }

    /** An array (a, b, W) whose first two strides are given; the third is 1. */
    private static INDArray view(Tensor t, long offset, long[] shape, long stride0, long stride1) {
        return NdArrays.of(t, offset, shape, new long[] {stride0, stride1, 1});
    }
}
