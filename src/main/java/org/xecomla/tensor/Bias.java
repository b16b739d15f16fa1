package org.xecomla.tensor;

/** A row that is added to every row. Legend: N rows, D features. */
public interface Bias {
    /**
     * y += bias in every row.
     *
     * @param bias (1, D)
     * @param y (N, D), adds
     */
    void forward(Tensor bias, Tensor y);

    /**
     * dBias += the sum of dY's rows, in their order. The gradient of what {@link #forward} added to is dY as it is.
     *
     * @param dY (N, D)
     * @param dBias (1, D), adds
     */
    void backward(Tensor dY, Tensor dBias);
}
