package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.xecomla.tensor.HeadCopy;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.memory.NdArrays;

/** {@link HeadCopy}. Legend: N rows, H heads of W columns. */
final class Nd4jHeadCopy implements HeadCopy {
    private final Nd4jScratch scratch;

    Nd4jHeadCopy(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void copy(HeadView source, HeadView target) {
        if (source.headStride() != 0) {
            Nd4jHeads.rowsFirst(target).assign(Nd4jHeads.rowsFirst(source)); // (N, H, W)
            return;
        }
        for (int h = 0; h < target.numHeads(); h++) {
            NdArrays.of(target.head(h)).assign(NdArrays.of(source.head(h))); // (N, W)
        }
    }

    @Override
    public void add(HeadView source, HeadView target) {
        try (MemoryWorkspace ws = scratch.open()) {
            INDArray heads = Nd4jHeads.rowsFirst(source); // (N, H, W)
            if (target.headStride() != 0) {
                Nd4jHeads.rowsFirst(target).addi(heads);
            } else {
                NdArrays.of(target.head(0)).addi(heads.sum(1)); // (N, W)
            }
        }
    }
}
