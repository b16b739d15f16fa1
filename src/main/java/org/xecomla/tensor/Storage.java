package org.xecomla.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One contiguous off-heap allocation, owned by ND4J: host memory with nd4j-native, device memory with nd4j-cuda.
 *
 * <p>Everything else in the project sees it through {@link Tensor} views. It is freed by {@link #close()} only, never by
 * the garbage collector's whim, since the engine counts its own bytes.
 */
public final class Storage implements AutoCloseable {
    private final INDArray array; // (length)
    private final DataType type;
    private final long length;
    private final boolean onHost;

    private Storage(INDArray array, DataType type, long length) {
        this.array = array;
        this.type = type;
        this.length = length;
        this.onHost = !Nd4j.getBackend().getClass().getSimpleName().contains("Cublas")
                && !Nd4j.getBackend().getClass().getSimpleName().contains("Cuda");
    }

    /** {@code length} elements of {@code type} (FLOAT or DOUBLE), set to zero. */
    public static Storage zeros(DataType type, long length) {
        if (type != DataType.FLOAT && type != DataType.DOUBLE) {
            throw new IllegalArgumentException("storage of " + type + ": only FLOAT and DOUBLE are computed with");
        }
        INDArray array = Nd4j.createUninitialized(type, Math.max(length, 1)); // (length)
        array.assign(0);
        array.setCloseable(true);
        return new Storage(array, type, length);
    }

    public DataType type() {
        return type;
    }

    public long length() {
        return length;
    }

    /** Whether the elements can be read and written in place by the processor. */
    public boolean onHost() {
        return onHost;
    }

    INDArray array() {
        return array;
    }

    /** Address of element {@code offset} in host memory. Only for {@link #onHost()} storage. */
    public long address(long offset) {
        return array.data().addressPointer().address() + offset * type.width();
    }

    /**
     * A window of host memory as a buffer in native order; at most 2 GiB, since that is where a Java buffer ends. The
     * window shares the memory: it must not be used after {@link #close()}.
     */
    public ByteBuffer window(long offset, long numElements) {
        long bytes = numElements * type.width();
        if (bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a window of " + bytes + " bytes does not fit a Java buffer");
        }
        Pointer base = array.data().addressPointer();
        BytePointer all = new BytePointer(base);
        all.capacity(base.position() * type.width() + length * type.width());
        return all.position(offset * type.width())
                .limit(offset * type.width() + bytes)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        if (!array.wasClosed()) {
            array.close();
        }
    }
}
