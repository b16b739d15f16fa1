package org.xecomla.tensor.memory;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;

/** Tensors of {@link Nd4jMemory} as ND4J sees them: the same memory, nothing is copied. */
public final class NdArrays {
    private NdArrays() {}

    public static DataType type(ElementType type) {
        return switch (type) {
            case FLOAT -> DataType.FLOAT;
            case DOUBLE -> DataType.DOUBLE;
        };
    }

    /** The whole view: (rows, cols). */
    public static INDArray of(Tensor t) {
        return of(t, 0, new long[] {t.rows(), t.cols()}, new long[] {t.stride(), 1});
    }

    /**
     * Elements of {@code t}'s storage from {@code offset} behind the view's first on, in a shape and with strides of
     * the caller's.
     *
     * @throws IllegalStateException where another memory holds the tensor
     */
    public static INDArray of(Tensor t, long offset, long[] shape, long[] strides) {
        if (t.storage() instanceof Nd4jStorage storage) {
            return Nd4j.create(storage.array().data(), shape, strides, t.offset() + offset, 'c', type(t.type()));
        }
        throw new IllegalStateException(t + " does not lie in ND4J's memory");
    }
}
