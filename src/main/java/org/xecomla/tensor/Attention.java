package org.xecomla.tensor;

/** Causal attention within documents. Key head of query head h is h / (numQueryHeads / numKeyHeads). */
public interface Attention {
    /**
     * out = softmax(scale q k^T) v over the keys that each query sees.
     *
     * @param q (B * queryLength) rows, H heads of width K
     * @param k (B * keyLength) rows, Hkv heads of width K
     * @param v (B * keyLength) rows, Hkv heads of width Dv
     * @param out (B * queryLength) rows, H heads of width Dv
     * @param logSumExp (B * queryLength, H), output: log of the softmax's denominator, kept for the backward; null:
     *     not kept
     */
    void forward(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, AttentionShape shape);

    /** Gradients of {@link #forward}; dQ, dK and dV are overwritten. Only for queryLength = keyLength. */
    void backward(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            AttentionShape shape,
            HeadView dQ,
            HeadView dK,
            HeadView dV);
}
