package org.xecomla.tensor;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * The fused operations that the model is made of, forward and backward in pairs, over row-major views.
 *
 * <p>Legend: N rows, commonly B * T; D features; H heads; V vocabulary. Unless an argument says "adds", results
 * overwrite. Outputs may not overlap inputs unless the operation says "in place". No operation allocates off-heap
 * memory in {@code CpuKernels}; scratch is the implementation's own, made once.
 *
 * <p>Implementations: {@code CpuKernels} (float: cblas and the Vector API), {@code Nd4jKernels} (float and double,
 * every ND4J back end, the reference), {@code SizingKernels} (nothing: for the dry run that sizes an {@link Arena}).
 */
public interface Kernels extends AutoCloseable {
    /** The type of every tensor these kernels take. */
    DataType type();

    // ---- linear algebra ----

    /** C = alpha op(A) op(B) + beta C, op being the transpose where the flag is set. beta 0 ignores what C held. */
    void gemm(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c);

    /** Y += alpha X, same shapes. */
    void axpy(double alpha, Tensor x, Tensor y);

    /** X *= alpha. */
    void scale(double alpha, Tensor x);

    /** Row r of X is multiplied by {@code factors[r]}. */
    void scaleRows(double[] factors, Tensor x);

    void fill(Tensor x, double value);

    /** Y = X, same shapes. */
    void copy(Tensor x, Tensor y);

    /** Sum of the squares of all elements, accumulated in double. */
    double sumOfSquares(Tensor x);

    // ---- normalisation ----

    /**
     * y = x / rms(x) * gain with rms = sqrt(mean(x^2) + epsilon), row by row.
     *
     * @param x (N, D), y (N, D)
     * @param gain (1, D)
     * @param inverseRms (N, 1), output: 1 / rms, kept for the backward
     */
    void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms);

    /**
     * @param dX (N, D), adds
     * @param dGain (1, D), adds; null: not wanted
     */
    void rmsNormBackward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain);

    // ---- attention ----

    /**
     * Rotates every head in place, half-split: (x_j, x_{j+P/2}) turns by the angle of plane j at the row's position.
     *
     * @param x (N rows), heads of width P
     * @param cos (positions, P/2), times the rope factor m
     * @param sin (positions, P/2), times m
     * @param positions (N) of the rows
     * @param inverse the transpose: the angle negated; the backward of the forward
     */
    void rope(HeadView x, Tensor cos, Tensor sin, int[] positions, boolean inverse);

    /** target = source, head by head and row by row; a shared source (stride 0) is repeated for every target head. */
    void copyHeads(HeadView source, HeadView target);

    /** target += source; a shared target (stride 0) receives the sum over heads. The backward of {@link #copyHeads}. */
    void addHeads(HeadView source, HeadView target);

    /**
     * Causal attention within documents. Key head of query head h is h / (numQueryHeads / numKeyHeads).
     *
     * @param q (B * queryLength) rows, H heads of width K
     * @param k (B * keyLength) rows, Hkv heads of width K
     * @param v (B * keyLength) rows, Hkv heads of width Dv
     * @param out (B * queryLength) rows, H heads of width Dv
     * @param logSumExp (B * queryLength, H), output: log of the softmax's denominator, kept for the backward; null: not
     *     kept
     */
    void attention(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, AttentionShape shape);

    /** Gradients of {@link #attention}; dQ, dK and dV are overwritten. Only for queryLength = keyLength. */
    void attentionBackward(
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

    // ---- feed-forward ----

    /** out = silu(gate) * up, all (N, F). */
    void swiGlu(Tensor gate, Tensor up, Tensor out);

    /** dGate and dUp (N, F) from dOut; dGate may be gate's own memory, dUp up's, dOut stays. */
    void swiGluBackward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp);

    // ---- embedding ----

    /** out row n = table row ids[n]. */
    void gatherRows(Tensor table, int[] ids, Tensor out);

    /** dTable row ids[n] += dOut row n; repeated ids add up, in the order of n. */
    void scatterAddRows(Tensor dOut, int[] ids, Tensor dTable);

    // ---- head and loss ----

    /**
     * Softmax of every row in place, at inverse temperature {@code beta}: x = exp(beta x - logSumExp).
     *
     * @param x (N, V)
     * @param logSumExp length N, output: log sum exp(beta x) of every row
     */
    void softmaxRows(Tensor x, double beta, double[] logSumExp);

    /** values[n * k + i] = x[n, ids[n * k + i]], with k = ids.length / N. A negative id reads 0. */
    void gatherColumns(Tensor x, int[] ids, double[] values);

    /** x[n, ids[n * k + i]] += values[n * k + i]; a negative id is skipped; repeated ids add up. */
    void scatterAddColumns(double[] values, int[] ids, Tensor x);

    // ---- optimiser ----

    /** One AdamW step in place over flat views (1, n) of weights, gradients, first and second moments. */
    void adamW(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2);

    /** Stops the worker threads, if there are any. */
    @Override
    void close();
}
