package org.xecomla.nn;

import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * y = x W^T, and where there is a bias b: y = x W^T + b. Legend: N rows, commonly B * T. Its backward needs nothing but
 * x, so that x is its cache.
 *
 * @param weight (out, in)
 * @param dWeight (out, in), or null: frozen, and no product is spent on it
 * @param bias (1, out), or null: none
 * @param dBias (1, out), or null: none, or frozen
 */
record Linear(Tensor weight, Tensor dWeight, Tensor bias, Tensor dBias, Kernels kernels) {
    /** Without a bias. */
    Linear(Tensor weight, Tensor dWeight, Kernels kernels) {
        this(weight, dWeight, null, null, kernels);
    }

    int numOutputs() {
        return weight.rows();
    }

    /** The same map to its first {@code count} outputs; to all of them where it has no more. */
    Linear firstOutputs(int count) {
        if (count >= numOutputs()) {
            return this;
        }
        return new Linear(
                weight.rows(0, count), // (count, in)
                dWeight == null ? null : dWeight.rows(0, count), // (count, in)
                bias == null ? null : bias.cols(0, count), // (1, count)
                dBias == null ? null : dBias.cols(0, count), // (1, count)
                kernels);
    }

    boolean trainable() {
        return dWeight != null || dBias != null;
    }

    /** Returns y (N, out) on top of the arena. */
    Tensor forward(Tensor x, Arena arena) {
        Tensor y = arena.matrix(x.rows(), numOutputs()); // (N, out)
        forward(x, y);
        return y;
    }

    /** y = x W^T + b. */
    void forward(Tensor x, Tensor y) {
        kernels.gemm().multiply(false, true, 1, x, weight, 0, y); // (N, out)
        addBias(y); // (N, out)
    }

    /** y += x W^T + b: the residual stream is written in the product itself. */
    void forwardAdding(Tensor x, Tensor y) {
        kernels.gemm().multiply(false, true, 1, x, weight, 1, y); // (N, out)
        addBias(y); // (N, out)
    }

    private void addBias(Tensor y) {
        if (bias != null) {
            kernels.bias().forward(bias, y); // (N, out)
        }
    }

    /** Adds into dWeight and dBias; dX is overwritten. */
    void backward(Tensor dY, Tensor x, Tensor dX) {
        backwardOfParameters(dY, x);
        // forward was: y = x W^T + b
        kernels.gemm().multiply(false, false, 1, dY, weight, 0, dX); // (N, in)
    }

    /** Adds into dWeight, dBias and into dX. */
    void backwardAdding(Tensor dY, Tensor x, Tensor dX) {
        backwardOfParameters(dY, x);
        // forward was: y = x W^T + b
        kernels.gemm().multiply(false, false, 1, dY, weight, 1, dX); // (N, in)
    }

    private void backwardOfParameters(Tensor dY, Tensor x) {
        if (dWeight != null) {
            // forward was: y = x W^T + b
            kernels.gemm().multiply(true, false, 1, dY, x, 1, dWeight); // (out, in)
        }
        if (dBias != null) {
            // forward was: y = x W^T + b
            kernels.bias().backward(dY, dBias); // (1, out)
        }
    }
}
