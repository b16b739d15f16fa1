package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.HeadScale;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/** {@link HeadScale}, head by head. Legend: N rows, H heads of W columns, G groups. */
final class Nd4jHeadScale implements HeadScale {
    private final Nd4jScratch scratch;

    Nd4jHeadScale(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    @Override
    public void inverseRms(HeadView x, double epsilon, Tensor s) {
        int heads = x.numHeads() / s.cols();
        for (int g = 0; g < s.cols(); g++) {
            try (MemoryWorkspace ws = scratch.open()) {
                INDArray sum = squares(x.head(g * heads)); // (N, 1)
                for (int h = g * heads + 1; h < (g + 1) * heads; h++) {
                    sum.addi(squares(x.head(h))); // (N, 1)
                }
                sum.divi((double) heads * x.width()).addi(epsilon);
                NdArrays.of(s.cols(g, g + 1)).assign(Transforms.sqrt(sum, false).rdivi(1)); // (N, 1)
            }
        }
    }

    private static INDArray squares(Tensor head) {
        return NdArrays.of(head).mul(NdArrays.of(head)).sum(true, 1); // (N, 1)
    }

    @Override
    public void inverseRmsBackward(Tensor dS, HeadView x, Tensor s, HeadView dX) {
        int heads = x.numHeads() / s.cols();
        for (int h = 0; h < x.numHeads(); h++) {
            try (MemoryWorkspace ws = scratch.open()) {
                INDArray inverse = column(s, h / heads); // (N, 1)
                // forward was: s = (mean(x^2) + epsilon)^(-1/2)
                INDArray factor =
                        column(dS, h / heads).muli(inverse).muli(inverse).muli(inverse); // (N, 1)
                factor.divi(-(double) heads * x.width());
                NdArrays.of(dX.head(h)).addi(NdArrays.of(x.head(h)).mulColumnVector(factor)); // (N, W)
            }
        }
    }

    @Override
    public void scale(HeadView x, Tensor s) {
        int heads = x.numHeads() / s.cols();
        for (int h = 0; h < x.numHeads(); h++) {
            try (MemoryWorkspace ws = scratch.open()) {
                NdArrays.of(x.head(h)).muliColumnVector(column(s, h / heads)); // (N, W)
            }
        }
    }

    @Override
    public void scaleBackward(HeadView dY, HeadView y, Tensor s, Tensor dS) {
        int heads = y.numHeads() / s.cols();
        for (int g = 0; g < s.cols(); g++) {
            try (MemoryWorkspace ws = scratch.open()) {
                INDArray sum = column(s, g).muli(0); // (N, 1)
                for (int h = g * heads; h < (g + 1) * heads; h++) {
                    sum.addi(NdArrays.of(dY.head(h)).mul(NdArrays.of(y.head(h))).sum(true, 1)); // (N, 1)
                }
                NdArrays.of(dS.cols(g, g + 1)).assign(sum.divi(column(s, g))); // (N, 1)
            }
        }
        // forward was: y = s x
        scale(dY, s); // (N, H, W)
    }

    @Override
    public void scaleScores(Tensor scores, Tensor s) {
        int heads = scores.rows() / s.cols();
        for (int h = 0; h < scores.rows(); h++) {
            try (MemoryWorkspace ws = scratch.open()) {
                INDArray factors = column(s, h / heads).reshape(1, s.rows()); // (1, N)
                NdArrays.of(scores.rows(h, h + 1)).muli(factors); // (1, N)
            }
        }
    }

    /** A copy of one column. (N, 1) */
    private static INDArray column(Tensor s, int group) {
        return NdArrays.of(s.cols(group, group + 1)).dup('c');
    }
}
