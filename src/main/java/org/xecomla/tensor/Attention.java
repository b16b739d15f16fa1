package org.xecomla.tensor;

/** Causal attention within documents. Key head of query head h is h / (numQueryHeads / numKeyHeads). */
public interface Attention {
    /**
     * out = softmax(scale q k^T) v over the keys that each query sees.
     *
     * @param q (B * T) rows, H heads of width K
     * @param k (B * S) rows, Hkv heads of width K
     * @param v (B * S) rows, Hkv heads of width Dv
     * @param out (B * T) rows, H heads of width Dv
     * @param logSumExp (B * T, H), output: log of the softmax's denominator, kept for the backward; null:
     *     not kept
     * @param scale factor on the scores before the softmax, commonly K^-0.5
     */
    void forward(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, Sequences sequences, double scale);

    /** Gradients of {@link #forward}; dQ, dK and dV are overwritten. Only for T = S. */
    void backward(
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
            HeadView dV);
}
