package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Head;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link Head}. Legend: N rows, V vocabulary, k chosen columns of a row. */
final class Nd4jHead implements Head {
    private final ElementType type;
    private final Nd4jScratch scratch;

    Nd4jHead(ElementType type, Nd4jScratch scratch) {
        this.type = type;
        this.scratch = scratch;
    }

    @Override
    public void softmax(Tensor x, double beta, double[] logSumExp) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray in = NdArrays.of(x).muli(beta); // (N, V)
            INDArray max = in.max(true, 1); // (N, 1)
            in.subiColumnVector(max);
            Transforms.exp(in, false);
            INDArray sum = in.sum(true, 1); // (N, 1)
            in.diviColumnVector(sum);
            double[] values = Transforms.log(sum, true).addi(max).data().asDouble(); // (N)
            System.arraycopy(values, 0, logSumExp, 0, x.rows());
        }
    }

    @Override
    public void scaleRows(double[] factors, Tensor x) {
        try (MemoryWorkspace ws = scratch.open()) {
            NdArrays.of(x).muliColumnVector(column(factors));
        }
    }

    private INDArray column(double[] values) {
        return Nd4j.createFromArray(values).castTo(NdArrays.type(type)).reshape(values.length, 1); // (N, 1)
    }

    @Override
    public void gather(Tensor x, int[] ids, double[] values) {
        requireIds(ids, x.cols());
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray read = Nd4j.exec(DynamicCustomOp.builder("gather_nd")
                    .addInputs(NdArrays.of(x), pairs(ids, ids.length / x.rows(), ids.length))
                    .build())[0]; // (N * k)
            double[] all = read.data().asDouble();
            for (int i = 0; i < ids.length; i++) {
                values[i] = ids[i] < 0 ? 0 : all[i];
            }
        }
    }

    @Override
    public void scatterAdd(double[] values, int[] ids, Tensor x) {
        requireIds(ids, x.cols());
        try (MemoryWorkspace ws = scratch.open()) {
            double[] added = values.clone();
            for (int i = 0; i < ids.length; i++) {
                added[i] = ids[i] < 0 ? 0 : values[i];
            }
            INDArray indices = pairs(ids, ids.length / x.rows(), ids.length); // (N * k, 2)
            INDArray updates = Nd4j.createFromArray(added).castTo(NdArrays.type(type)); // (N * k)
            Nd4jEmbedding.scatterAdd("scatter_nd_add", NdArrays.of(x), indices, updates);
        }
    }

    /** (row, column) of every id; column 0 stands for a negative id. */
    private static INDArray pairs(int[] ids, int perRow, int count) {
        int[] pairs = new int[2 * count];
        for (int i = 0; i < count; i++) {
            pairs[2 * i] = i / perRow;
            pairs[2 * i + 1] = Math.max(0, ids[i]);
        }
        return Nd4j.createFromArray(pairs).reshape(count, 2);
    }

    /** @throws IndexOutOfBoundsException where an id is not below {@code bound} */
    private static void requireIds(int[] ids, int bound) {
        for (int id : ids) {
            if (id >= bound) {
                throw new IndexOutOfBoundsException("id " + id + " of " + bound);
            }
        }
    }
}
