package org.xecomla.tensor;

/** The optimiser's pass over a segment of parameters. */
public interface AdamW {
    /** One step in place over flat views (1, n) of weights, gradients, first and second moments. */
    void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2);
}
