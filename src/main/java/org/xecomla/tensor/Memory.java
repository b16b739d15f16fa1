package org.xecomla.tensor;

/**
 * Where tensors of one implementation of {@link Kernels} live: the machine's memory or a device's. Kernels take tensors
 * of their own memory only.
 */
public interface Memory {
    /** {@code length} elements of {@code type}, set to zero. The caller closes them. */
    Storage zeros(ElementType type, long length);

    /**
     * A matrix of its own storage, set to zero. For set-up and tests; the step takes its memory from an {@link Arena}.
     */
    default Tensor zeros(ElementType type, int rows, int cols) {
        return new Tensor(zeros(type, (long) rows * cols), type, 0, rows, cols, cols);
    }

    /** A matrix of its own storage holding {@code values} in row-major order, rounded to {@code type}. */
    default Tensor of(ElementType type, int rows, int cols, double... values) {
        Tensor t = zeros(type, rows, cols);
        t.write(values);
        return t;
    }
}
