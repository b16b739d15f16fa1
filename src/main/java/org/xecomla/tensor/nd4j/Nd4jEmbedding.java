package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.tensor.Embedding;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link Embedding} by the operations gather and scatter_add. Legend: N rows, D features. */
final class Nd4jEmbedding implements Embedding {
    private final Nd4jScratch scratch;

    Nd4jEmbedding(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void gather(Tensor table, Indices ids, Tensor out) {
        try (MemoryWorkspace ws = scratch.open()) {
            NdArrays.of(out).assign(rows(table, ids)); // (N, D)
        }
    }

    /** Row {@code numbers.get(n)} of the table in row n: (N, D). ND4J itself reads on where there is no such row. */
    static INDArray rows(Tensor table, Indices numbers) {
        numbers.requireRowsOf(table.rows());
        return Nd4j.exec(DynamicCustomOp.builder("gather")
                .addInputs(NdArrays.of(table), Nd4j.createFromArray(numbers.toArray()))
                .addIntegerArguments(0)
                .build())[0];
    }

    @Override
    public void scatterAdd(Tensor dOut, Indices ids, Tensor dTable) {
        ids.requireRowsOf(dTable.rows());
        try (MemoryWorkspace ws = scratch.open()) {
            scatterAdd("scatter_add", NdArrays.of(dTable), Nd4j.createFromArray(ids.toArray()), NdArrays.of(dOut));
        }
    }

    /** target[indices] += values, in place. The flag makes repeated indices add up one after the other. */
    static void scatterAdd(String operation, INDArray target, INDArray indices, INDArray values) {
        Nd4j.exec(DynamicCustomOp.builder(operation)
                .addInputs(target, indices, values)
                .addOutputs(target)
                .addBooleanArguments(true)
                .build());
    }
}
