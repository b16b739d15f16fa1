package org.xecomla.tensor;

/**
 * A stack of scratch memory for one replica's step: {@link #matrix} moves the top up, {@link #release} moves it back.
 *
 * <p>The size is found by a dry run: the very code of the step runs once over {@code SizingKernels} with a
 * {@linkplain #sizing sizing arena}, which hands out shapes without memory and records the highest top. The step itself
 * then allocates nothing. Not thread-safe: one arena belongs to one replica.
 */
public final class Arena implements AutoCloseable {
    private static final int ALIGNMENT = 256; // bytes: cache lines of the processor, memory transactions of a device

    private final ElementType type;
    private final Storage storage; // null: sizing only
    private final long capacity; // bytes
    private long top; // bytes
    private long peak; // bytes

    private Arena(ElementType type, Storage storage, long capacity) {
        this.type = type;
        this.storage = storage;
        this.capacity = capacity;
    }

    /** An arena that only counts. Its tensors have shapes and no memory. */
    public static Arena sizing(ElementType type) {
        return new Arena(type, null, Long.MAX_VALUE);
    }

    /** An arena of {@code numBytes} in the kernels' memory, commonly the {@link #peakBytes()} of a dry run. */
    public static Arena of(Kernels kernels, long numBytes) {
        long width = kernels.type().width();
        Storage storage = kernels.memory().zeros(kernels.type(), (numBytes + width - 1) / width);
        return new Arena(kernels.type(), storage, numBytes);
    }

    public ElementType type() {
        return type;
    }

    /** A matrix (rows, cols) on top of the stack. Its contents are whatever was there before. */
    public Tensor matrix(int rows, int cols) {
        long offset = top / type.width(); // elements
        long size = (long) rows * cols * type.width();
        top += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (top > capacity) {
            throw new IllegalStateException("the arena holds " + capacity + " bytes and the step asks for " + top
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

    /** The highest top so far. */
    public long peakBytes() {
        return peak;
    }

    @Override
    public void close() {
        if (storage != null) {
            storage.close();
        }
    }
}
