package org.xecomla.tensor;

/** Matrix products: their own backward, with the transposes moved. */
public interface Gemm {
    /** C = alpha op(A) op(B) + beta C, op being the transpose where the flag is set. beta 0 ignores what C held. */
    void multiply(boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c);
}
