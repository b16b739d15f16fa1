package org.xecomla.tensor;

/**
 * A row-major matrix view (rows, cols) of a {@link Storage}: row r, column c is element {@code offset + r * stride +
 * c}.
 *
 * <p>A vector is (1, n). A batch of sequences is (B * T, features): the last two dimensions of everything the model
 * computes. Views share memory; a view is a few words and may be made freely in the step. A tensor of a
 * {@linkplain Arena#sizing sizing arena} has no storage and may only be handed to {@code SizingKernels}.
 */
public final class Tensor {
    private final Storage storage;
    private final ElementType type;
    private final long offset;
    private final int rows;
    private final int cols;
    private final int stride;

    public Tensor(Storage storage, ElementType type, long offset, int rows, int cols, int stride) {
        if (rows < 0 || cols < 0 || stride < cols) {
            throw new IllegalArgumentException("no matrix of " + rows + " x " + cols + " with stride " + stride);
        }
        this.storage = storage;
        this.type = type;
        this.offset = offset;
        this.rows = rows;
        this.cols = cols;
        this.stride = stride;
    }

    public Storage storage() {
        return storage;
    }

    public ElementType type() {
        return type;
    }

    public long offset() {
        return offset;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public int stride() {
        return stride;
    }

    public long length() {
        return (long) rows * cols;
    }

    public boolean contiguous() {
        return stride == cols || rows <= 1;
    }

    /** Rows {@code from} (inclusive) to {@code to} (exclusive), same memory. */
    public Tensor rows(int from, int to) {
        check(from, to, rows, "rows");
        return new Tensor(storage, type, offset + (long) from * stride, to - from, cols, stride);
    }

    /** Columns {@code from} (inclusive) to {@code to} (exclusive), same memory. */
    public Tensor cols(int from, int to) {
        check(from, to, cols, "columns");
        return new Tensor(storage, type, offset + from, rows, to - from, stride);
    }

    /** The same elements in another shape; only for contiguous tensors. */
    public Tensor reshape(int newRows, int newCols) {
        if (!contiguous() || (long) newRows * newCols != length()) {
            throw new IllegalArgumentException(this + " cannot be seen as " + newRows + " x " + newCols);
        }
        return new Tensor(storage, type, offset, newRows, newCols, newCols);
    }

    public double get(int row, int col) {
        return storage.get(indexOf(row, col));
    }

    public void set(int row, int col, double value) {
        storage.set(indexOf(row, col), value);
    }

    private long indexOf(int row, int col) {
        check(row, row + 1, rows, "rows");
        check(col, col + 1, cols, "columns");
        return offset + (long) row * stride + col;
    }

    /** Copies all elements out, row-major. */
    public double[] toDoubles() {
        double[] out = new double[Math.toIntExact(length())];
        storage.read(this, out, 0);
        return out;
    }

    /** Copies all elements out, row-major, rounded to float. */
    public float[] toFloats() {
        float[] out = new float[Math.toIntExact(length())];
        read(out, 0);
        return out;
    }

    /** Copies all elements, row-major, into {@code target} from {@code start} on, rounded to float. */
    public void read(float[] target, int start) {
        storage.read(this, target, start);
    }

    /** Writes all elements from {@code source}, row-major, from {@code start} on, rounded to this tensor's type. */
    public void write(float[] source, int start) {
        storage.write(this, source, start);
    }

    /** Writes all elements from {@code source}, row-major, rounded to this tensor's type. */
    public void write(double... source) {
        if (source.length != length()) {
            throw new IllegalArgumentException(source.length + " values for " + this);
        }
        storage.write(this, source, 0);
    }

    private static void check(int from, int to, int size, String what) {
        if (from < 0 || to < from || to > size) {
            throw new IndexOutOfBoundsException(what + " " + from + " to " + to + " of " + size);
        }
    }

    @Override
    public String toString() {
        return type + " tensor " + rows + " x " + cols;
    }
}
