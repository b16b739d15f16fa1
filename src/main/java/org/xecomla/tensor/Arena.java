package org.xecomla.tensor;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * A stack of scratch memory for one replica's step: {@link #matrix} moves the top up, {@link #release} moves it back.
 *
 * <p>The size is found by a dry run: the very code of the step runs once over {@code SizingKernels} with a
 * {@linkplain #sizing sizing arena}, which hands out shapes without memory and records the highest top. The step itself
 * then allocates nothing. Not thread-safe: one arena belongs to one replica.
 */
public final class Arena implements AutoCloseable {
    private static final int ALIGNMENT = 64; // elements: at least one cache line for FLOAT and DOUBLE

    private final DataType type;
    private final Storage storage; // null: sizing only
    private final long capacity;
    private long top;
    private long peak;

    private Arena(DataType type, Storage storage, long capacity) {
        this.type = type;
        this.storage = storage;
        this.capacity = capacity;
    }

    /** An arena that only counts. Its tensors have shapes and no memory. */
    public static Arena sizing(DataType type) {
        return new Arena(type, null, Long.MAX_VALUE);
    }

    /** An arena of {@code numElements} elements, commonly the {@link #peakElements()} of a dry run. */
    public static Arena ofElements(DataType type, long numElements) {
        return new Arena(type, Storage.zeros(type, numElements), numElements);
    }

    public DataType type() {
        return type;
    }

    /** A matrix (rows, cols) on top of the stack. Its contents are whatever was there before. */
    public Tensor matrix(int rows, int cols) {
        long offset = top;
        long size = (long) rows * cols;
        top += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (top > capacity) {
            throw new IllegalStateException("the arena holds " + capacity + " elements and the step asks for " + top
                    + ": it was sized for another shape");
        }
        peak = Math.max(peak, top);
        return new Tensor(storage, type, offset, rows, cols, cols);
    }

    /** The present top, to {@link #release} to. */
    public long mark() {
        return top;
    }

    /** Gives back everything that was handed out since {@code mark}. */
    public void release(long mark) {
        if (mark < 0 || mark > top) {
            throw new IllegalArgumentException("mark " + mark + " is not below the top " + top);
        }
        top = mark;
    }

    /** The highest top so far, in elements. */
    public long peakElements() {
        return peak;
    }

    public long peakBytes() {
        return peak * type.width();
    }

    @Override
    public void close() {
        if (storage != null) {
            storage.close();
        }
    }
}
