package org.xecomla.tensor.nd4j;

import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.xecomla.tensor.Attention;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.NdArrays;

/**
 * Causal attention by batched products over heads: the textbook form, with all probabilities of a part in memory.
 *
 * <p>A part is one sequence and one member of every group of query heads, so that queries and keys have equally many
 * heads. Legend: J key heads, T queries, S keys, K width of queries and keys, W width of values.
 */
final class Nd4jAttention implements Attention, AutoCloseable {
    private static final double NEVER =
            -1e30; // added to the score of a key that lies ahead; finite, so that no NaN arises

    /** Sequence {@code b} and member {@code g} of every group. */
    private record Part(Sequences sequences, double scale, int b, int g) {
        INDArray queries(HeadView x, int numKeyHeads) {
            int group = x.numHeads() / numKeyHeads;
            int from = b * sequences.queryLength();
            return Nd4jHeads.headsFirst(
                    x, from, from + sequences.queryLength(), g, group, numKeyHeads); // (J, T, width)
        }

        INDArray keys(HeadView x) {
            int from = b * sequences.keyLength();
            return Nd4jHeads.headsFirst(x, from, from + sequences.keyLength(), 0, 1, x.numHeads()); // (J, S, width)
        }

        /** (1, T, S): 1 where key j belongs to a document that ended before query i, else 0; null: nowhere. */
        INDArray otherDocuments(ElementType type) {
            int[] first = sequences.firstKeys(b); // (T)
            if (first[first.length - 1] == 0) {
                return null;
            }
            INDArray firstKeys =
                    Nd4j.createFromArray(first).castTo(NdArrays.type(type)).reshape(1, first.length, 1); // (1, T, 1)
            INDArray keys = Nd4j.arange(sequences.keyLength())
                    .castTo(NdArrays.type(type))
                    .reshape(1, 1, sequences.keyLength()); // (1, 1, S)
            return Transforms.min(Transforms.relu(firstKeys.sub(keys), false), 1, false); // (1, T, S)
        }

        /** A column per query head of a (B * T, H) tensor. */
        INDArray statistics(Tensor x, int numKeyHeads) {
            return queries(new HeadView(x, x.cols(), 1, 0, 1), numKeyHeads); // (J, T, 1)
        }
    }

    private final ElementType type;
    private final Nd4jScratch scratch;
    private INDArray mask; // (1, T, S): 0 where key j does not lie ahead of query i, else NEVER
    private int maskedLength;

    Nd4jAttention(ElementType type, Nd4jScratch scratch) {
        this.type = type;
        this.scratch = scratch;
    }

    @Override
    public void forward(
            HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, Sequences sequences, double scale) {
        for (int b = 0; b < sequences.numSequences(); b++) {
            for (int g = 0; g < q.numHeads() / k.numHeads(); g++) {
                try (MemoryWorkspace ws = scratch.open()) {
                    forward(new Part(sequences, scale, b, g), q, k, v, out, logSumExp);
                }
            }
        }
    }

    private void forward(Part part, HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp) {
        int heads = k.numHeads();
        INDArray scores = scores(part, q, k); // (J, T, S)
        INDArray max = scores.max(true, 2); // (J, T, 1)
        INDArray weights = Transforms.exp(scores.subi(max), false); // (J, T, S)
        INDArray sum = weights.sum(true, 2); // (J, T, 1)
        INDArray mixed = product(weights.divi(sum), false, part.keys(v), false); // (J, T, W)
        part.queries(out, heads).assign(mixed);
        if (logSumExp != null) {
            part.statistics(logSumExp, heads).assign(Transforms.log(sum, false).addi(max));
        }
    }

    @Override
    public void backward(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            Sequences sequences,
            double scale,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {
        for (int b = 0; b < sequences.numSequences(); b++) {
            for (int g = 0; g < q.numHeads() / k.numHeads(); g++) {
                try (MemoryWorkspace ws = scratch.open()) {
                    backward(new Part(sequences, scale, b, g), dOut, q, k, v, out, logSumExp, dQ, dK, dV);
                }
            }
        }
    }

    private void backward(
            Part part,
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {
        int heads = k.numHeads();
        INDArray queries = part.queries(q, heads); // (J, T, K)
        INDArray dMixed = part.queries(dOut, heads); // (J, T, W)
        INDArray statistics = part.statistics(logSumExp, heads).dup('c'); // (J, T, 1)
        INDArray p = Transforms.exp(scores(part, q, k).subi(statistics), false); // (J, T, S)

        // forward was: out = p v
        store(part, dV, product(p, true, dMixed, false)); // (J, S, W)
        INDArray dP = product(dMixed, false, part.keys(v), true); // (J, T, S)

        // forward was: p = exp(scores - logSumExp(scores))
        INDArray dot = dMixed.mul(part.queries(out, heads)).sum(true, 2); // (J, T, 1)
        INDArray dScores = dP.subi(dot).muli(p).muli(part.scale); // (J, T, S)

        // forward was: scores = scale q k^T
        part.queries(dQ, heads).assign(product(dScores, false, part.keys(k), false)); // (J, T, K)
        store(part, dK, product(dScores, true, queries, false)); // (J, S, K)
    }

    /** The first member of the groups overwrites what the keys' gradient held, the others add. */
    private static void store(Part part, HeadView target, INDArray gradient) {
        INDArray keys = part.keys(target); // (J, S, width)
        if (part.g == 0) {
            keys.assign(gradient);
        } else {
            keys.addi(gradient);
        }
    }

    private INDArray scores(Part part, HeadView q, HeadView k) {
        INDArray products = product(part.queries(q, k.numHeads()), false, part.keys(k), true); // (J, T, S)
        INDArray scores = products.muli(part.scale).addi(mask(part.sequences));
        INDArray ended = part.otherDocuments(type); // (1, T, S)
        return ended == null ? scores : scores.addi(ended.muli(NEVER));
    }

    private INDArray product(INDArray a, boolean transposeA, INDArray b, boolean transposeB) {
        INDArray c = Nd4j.createUninitialized(
                NdArrays.type(type), a.size(0), transposeA ? a.size(2) : a.size(1), transposeB ? b.size(1) : b.size(2));
        Nd4jGemm.matmul(a, transposeA, b, transposeB, 1, 0, c);
        return c;
    }

    private INDArray mask(Sequences sequences) {
        int numQueries = sequences.queryLength();
        int numKeys = sequences.keyLength();
        if (mask != null && maskedLength == numKeys && mask.size(1) == numQueries) {
            return mask;
        }
        close();
        float[] values = new float[numQueries * numKeys];
        for (int i = 0; i < numQueries; i++) {
            for (int j = numKeys - numQueries + i + 1; j < numKeys; j++) {
                values[i * numKeys + j] = (float) NEVER;
            }
        }
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            mask = Nd4j.createFromArray(values)
                    .castTo(NdArrays.type(type))
                    .reshape(1, numQueries, numKeys); // (1, T, S)
            maskedLength = numKeys;
        }
        return mask;
    }

    @Override
    public void close() {
        if (mask != null) {
            mask.close();
            mask = null;
        }
    }
}
