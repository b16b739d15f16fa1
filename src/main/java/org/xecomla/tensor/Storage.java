package org.xecomla.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One contiguous off-heap allocation, owned by ND4J: host memory with nd4j-native, device memory with nd4j-cuda.
 *
 * <p>Everything else in the project sees it through {@link Tensor} views. It is freed by {@link #close()} only, never
 * by the garbage collector's whim, since the engine counts its own bytes.
 */
public final class Storage implements AutoCloseable {
    private static final long WINDOW_STEP_BYTES = 1L << 29;
    private static final long MAX_RANGE_BYTES = 1L << 30;

    private final INDArray array; // (length)
    private final DataType type;
    private final long length;
    private final boolean onHost;
    private final ByteBuffer[] windows; // empty on a device
    private final Pointer pointer;

    private Storage(INDArray array, DataType type, long length) {
        this.array = array;
        this.type = type;
        this.length = length;
        this.onHost = isOnHost();
        this.pointer = onHost ? array.data().addressPointer() : null;
        this.windows = onHost ? map(array, type, length) : new ByteBuffer[0];
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

    /** Whether ND4J's memory is the host's: the build's choice (profile {@code cuda}), not a run's. */
    public static boolean isOnHost() {
        return Nd4j.getEnvironment().isCPU();
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

    public INDArray array() {
        return array;
    }

    /** Address of element {@code offset} in host memory. Only for {@link #onHost()} storage. */
    public long address(long offset) {
        return pointer.address() + offset * type.width();
    }

    /**
     * A window of host memory as a buffer in native order; at most 1 GiB. The window shares the memory: it must not be
     * used after {@link #close()}.
     */
    public ByteBuffer window(long offset, long numElements) {
        long bytes = numElements * type.width();
        if (bytes > MAX_RANGE_BYTES || offset < 0 || offset + numElements > length) {
            throw new IllegalArgumentException(
                    "no window of " + numElements + " elements from " + offset + " in storage of " + length);
        }
        int start = windowIndex(offset);
        return windowAt(offset).slice(start, (int) bytes).order(ByteOrder.nativeOrder());
    }

    /**
     * The long-lived window that holds element {@code offset} and all that lies up to 1 GiB behind it; the element is
     * at byte {@link #windowIndex}. Made once: crossing into native code for every row would cost more than a short
     * row.
     */
    public ByteBuffer windowAt(long offset) {
        return windows[(int) (offset * type.width() / WINDOW_STEP_BYTES)];
    }

    /** Byte index of element {@code offset} in {@link #windowAt}. */
    public int windowIndex(long offset) {
        return (int) (offset * type.width() % WINDOW_STEP_BYTES);
    }

    /** A native pointer to element {@code offset}, for a call into OpenBLAS. Only for FLOAT. */
    public FloatPointer floats(long offset) {
        return new FloatPointer(pointer).position(offset);
    }

    /** Windows start every half GiB and are up to 1.5 GiB long: a Java buffer ends at 2 GiB. */
    private static ByteBuffer[] map(INDArray array, DataType type, long length) {
        long bytes = Math.max(length, 1) * type.width();
        Pointer all = array.data().addressPointer();
        ByteBuffer[] windows = new ByteBuffer[(int) ((bytes + WINDOW_STEP_BYTES - 1) / WINDOW_STEP_BYTES)];
        for (int w = 0; w < windows.length; w++) {
            long start = w * WINDOW_STEP_BYTES;
            long end = Math.min(bytes, start + WINDOW_STEP_BYTES + MAX_RANGE_BYTES);
            // A pointer of its own: asByteBuffer takes no notice of a position.
            BytePointer window = new Range(all.address() + start, end - start);
            windows[w] = window.asByteBuffer().order(ByteOrder.nativeOrder());
        }
        return windows;
    }

    /** Bytes of memory that another pointer owns. */
    private static final class Range extends BytePointer {
        Range(long address, long length) {
            super((Pointer) null);
            this.address = address;
            this.limit = length;
            this.capacity = length;
        }
    }

    @Override
    public void close() {
        Arrays.fill(windows, null); // a late access then fails instead of reading freed memory
        if (!array.wasClosed()) {
            array.close();
        }
    }
}
