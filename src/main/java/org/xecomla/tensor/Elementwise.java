package org.xecomla.tensor;

/** What treats every element alike; x and y have the same shape. */
public interface Elementwise {
    void fill(Tensor x, double value);

    /** Y = X. */
    void copy(Tensor x, Tensor y);

    /** X *= alpha. */
    void scale(double alpha, Tensor x);

    /** Y += alpha X. */
    void axpy(double alpha, Tensor x, Tensor y);

    /** Sum of the squares of all elements, accumulated in double. */
    double sumOfSquares(Tensor x);
}
