package org.xecomla.nn;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * y = x W^T, no bias. Legend: N rows, commonly B * T. Its backward needs nothing but x, so that x is its cache.
 *
 * @param weight (out, in)
 * @param dWeight (out, in), or null: frozen, and no product is spent on it
 */
record Linear(Tensor weight, Tensor dWeight, Kernels kernels) {
    int numOutputs() {
        return weight.rows();
    }

    boolean trainable() {
        return dWeight != null;
    }

    /** Returns y (N, out) on top of the arena. */
    Tensor forward(Tensor x, Arena arena) {
        Tensor y = arena.matrix(x.rows(), numOutputs()); // (N, out)
        forward(x, y);
        return y;
    }

    /** y = x W^T. */
    void forward(Tensor x, Tensor y) {
        kernels.gemm().multiply(false, true, 1, x, weight, 0, y); // (N, out)
    }

    /** y += x W^T: the residual stream is written in the product itself. */
    void forwardAdding(Tensor x, Tensor y) {
        kernels.gemm().multiply(false, true, 1, x, weight, 1, y); // (N, out)
    }

    /** Adds into dWeight; dX is overwritten. */
    void backward(Tensor dY, Tensor x, Tensor dX) {
        backwardOfWeight(dY, x);
        // forward was: y = x W^T
        kernels.gemm().multiply(false, false, 1, dY, weight, 0, dX); // (N, in)
    }

    /** Adds into dWeight and into dX. */
    void backwardAdding(Tensor dY, Tensor x, Tensor dX) {
        backwardOfWeight(dY, x);
        // forward was: y = x W^T
        kernels.gemm().multiply(false, false, 1, dY, weight, 1, dX); // (N, in)
    }

    private void backwardOfWeight(Tensor dY, Tensor x) {
        if (trainable()) {
            // forward was: y = x W^T
            kernels.gemm().multiply(true, false, 1, dY, x, 1, dWeight); // (out, in)
        }
    }
}
