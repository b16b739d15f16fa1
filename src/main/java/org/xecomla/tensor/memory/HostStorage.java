package org.xecomla.tensor.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;

/**
 * Memory of the machine, owned by ND4J, that the processor reads and writes in place: by buffers, by addresses or by
 * {@link NdArrays}.
 */
public final class HostStorage extends Nd4jStorage {
    private static final int MAX_RUN = 1 << 26; // elements copied at once: half a GiB of double
    private static final long WINDOW_STEP_BYTES = 1L << 29;
    private static final long MAX_RANGE_BYTES = 1L << 30;

    private final ByteBuffer[] windows;
    private final Pointer pointer;

    HostStorage(INDArray array, ElementType type, long length) {
        super(array, type, length);
        this.pointer = array.data().addressPointer();
        this.windows = map(pointer, Math.max(length, 1) * type.width());
    }

    /**
     * The storage of a tensor that the processor is to compute with.
     *
     * @throws IllegalStateException where it lies elsewhere
     */
    public static HostStorage of(Tensor t) {
        if (t.storage() instanceof HostStorage storage) {
            return storage;
        }
        throw new IllegalStateException(t + " does not lie in the machine's memory");
    }

    /** Address of element {@code offset} in host memory. */
    public long address(long offset) {
        return pointer.address() + offset * type().width();
    }

    /**
     * A window of host memory as a buffer in native order; at most 1 GiB. The window shares the memory: it must not be
     * used after {@link #close()}.
     */
    public ByteBuffer window(long offset, long numElements) {
        long bytes = numElements * type().width();
        if (bytes > MAX_RANGE_BYTES || offset < 0 || offset + numElements > length()) {
            throw new IllegalArgumentException(
                    "no window of " + numElements + " elements from " + offset + " in storage of " + length());
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
        return windows[(int) (offset * type().width() / WINDOW_STEP_BYTES)];
    }

    /** Byte index of element {@code offset} in {@link #windowAt}. */
    public int windowIndex(long offset) {
        return (int) (offset * type().width() % WINDOW_STEP_BYTES);
    }

    /** A native pointer to element {@code offset}, for a call into OpenBLAS. Only for FLOAT. */
    public FloatPointer floats(long offset) {
        return new FloatPointer(pointer).position(offset);
    }

    @Override
    public double get(long at) {
        ByteBuffer window = windowAt(at);
        int index = windowIndex(at);
        return type() == ElementType.DOUBLE ? window.getDouble(index) : window.getFloat(index);
    }

    @Override
    public void set(long at, double value) {
        if (type() == ElementType.DOUBLE) {
            windowAt(at).putDouble(windowIndex(at), value);
        } else {
            windowAt(at).putFloat(windowIndex(at), (float) value);
        }
    }

    @Override
    public void read(Tensor view, double[] target, int start) {
        eachRun(view, (window, index, position, count) -> {
            for (int i = 0; i < count; i++) {
                target[start + position + i] = type() == ElementType.DOUBLE
                        ? window.getDouble(index + i * Double.BYTES)
                        : window.getFloat(index + i * Float.BYTES);
            }
        });
    }

    @Override
    public void read(Tensor view, float[] target, int start) {
        if (type() == ElementType.FLOAT) {
            eachRun(view, (window, index, position, count) -> floats(window, index, count)
                    .get(target, start + position, count));
        } else {
            super.read(view, target, start);
        }
    }

    @Override
    public void write(Tensor view, double[] source, int start) {
        eachRun(view, (window, index, position, count) -> {
            for (int i = 0; i < count; i++) {
                if (type() == ElementType.DOUBLE) {
                    window.putDouble(index + i * Double.BYTES, source[start + position + i]);
                } else {
                    window.putFloat(index + i * Float.BYTES, (float) source[start + position + i]);
                }
            }
        });
    }

    @Override
    public void write(Tensor view, float[] source, int start) {
        if (type() == ElementType.FLOAT) {
            eachRun(view, (window, index, position, count) -> floats(window, index, count)
                    .put(source, start + position, count));
        } else {
            super.write(view, source, start);
        }
    }

    private static FloatBuffer floats(ByteBuffer window, int index, int count) {
        return window.slice(index, count * Float.BYTES).order(window.order()).asFloatBuffer();
    }

    /**
     * Takes {@code count} adjacent elements: from byte {@code index} of the window, {@code position} in row-major
     * order.
     */
    private interface Run {
        void accept(ByteBuffer window, int index, int position, int count);
    }

    /** Hands all elements of {@code view} to {@code run}, in stretches as long as they are adjacent. */
    private void eachRun(Tensor view, Run run) {
        int runLength = view.contiguous() ? MAX_RUN : view.cols();
        for (long done = 0; done < view.length(); ) {
            long at = view.offset() + (view.contiguous() ? done : done / view.cols() * view.stride());
            int count = (int) Math.min(runLength, view.length() - done);
            run.accept(windowAt(at), windowIndex(at), Math.toIntExact(done), count);
            done += count;
        }
    }

    /** Windows start every half GiB and are up to 1.5 GiB long: a Java buffer ends at 2 GiB. */
    private static ByteBuffer[] map(Pointer all, long bytes) {
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
        super.close();
    }
}
