package org.xecomla.tensor;

/**
 * One contiguous allocation of a {@link Memory}, wherever that is: everything else in the project sees it through
 * {@link Tensor} views. Freed by {@link #close()} only, never by the garbage collector's whim, since the engine counts
 * its own bytes.
 *
 * <p>Elements cross to the heap in bulk: a view at once, in row-major order.
 */
public interface Storage extends AutoCloseable {
    /** What it was made to hold. */
    ElementType type();

    /** Elements. */
    long length();

    /** Element {@code at}. For tests and single numbers; {@link #read} is for more. */
    double get(long at);

    /** Sets element {@code at}, rounded to the type. */
    void set(long at, double value);

    /** Copies {@code view}, which lies in this storage, to {@code target} from {@code start} on. */
    void read(Tensor view, double[] target, int start);

    /** The same, rounded to float. */
    void read(Tensor view, float[] target, int start);

    /** Copies from {@code source}, from {@code start} on, into {@code view}, rounded to its type. */
    void write(Tensor view, double[] source, int start);

    /** The same from floats. */
    void write(Tensor view, float[] source, int start);

    @Override
    void close();
}
