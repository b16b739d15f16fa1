package org.xecomla.tensor;

import java.nio.ByteBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A row-major matrix view (rows, cols) of off-heap memory: row r, column c is element {@code offset + r * stride + c}.
 *
 * <p>A vector is (1, n). A batch of sequences is (B * T, features): the last two dimensions of everything the model
 * computes. Views share memory; a view is a few words and may be made freely in the step. A tensor of a
 * {@linkplain Arena#sizing sizing arena} has no storage and may only be handed to {@code SizingKernels}.
 */
public final class Tensor {
    private final Storage storage;
    private final DataType type;
    private final long offset;
    private final int rows;
    private final int cols;
    private final int stride;

    Tensor(Storage storage, DataType type, long offset, int rows, int cols, int stride) {
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

    /** A matrix of its own storage, set to zero. For set-up and tests; the step takes its memory from an {@link Arena}. */
    public static Tensor zeros(DataType type, int rows, int cols) {
        return new Tensor(Storage.zeros(type, (long) rows * cols), type, 0, rows, cols, cols);
    }

    /** A matrix of its own storage holding {@code values} in row-major order, rounded to {@code type}. */
    public static Tensor of(DataType type, int rows, int cols, double... values) {
        Tensor t = zeros(type, rows, cols);
        t.write(values);
        return t;
    }

    public Storage storage() {
        return storage;
    }

    public DataType type() {
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

    /** This view as an ND4J array (rows, cols) over the same memory. */
    public INDArray array() {
        return Nd4j.create(storage.array().data(), new long[] {rows, cols}, new long[] {stride, 1}, offset, 'c', type);
    }

    public double get(int row, int col) {
        check(row, row + 1, rows, "rows");
        check(col, col + 1, cols, "columns");
        return storage.array().getDouble(offset + (long) row * stride + col);
    }

    public void set(int row, int col, double value) {
        check(row, row + 1, rows, "rows");
        check(col, col + 1, cols, "columns");
        storage.array().putScalar(offset + (long) row * stride + col, value);
    }

    /** Copies all elements out, row-major. */
    public double[] toDoubles() {
        double[] out = new double[Math.toIntExact(length())];
        for (int r = 0; r < rows; r++) {
            if (storage.onHost()) {
                ByteBuffer window = storage.window(offset + (long) r * stride, cols);
                if (type == DataType.DOUBLE) {
                    window.asDoubleBuffer().get(out, r * cols, cols);
                } else {
                    for (int c = 0; c < cols; c++) {
                        out[r * cols + c] = window.getFloat(c * Float.BYTES);
                    }
                }
            } else {
                System.arraycopy(rows(r, r + 1).array().dup().data().asDouble(), 0, out, r * cols, cols);
            }
        }
        return out;
    }

    /** Copies all elements out, row-major, rounded to float. */
    public float[] toFloats() {
        float[] out = new float[Math.toIntExact(length())];
        read(out, 0);
        return out;
    }

    /** Copies all elements, row-major, into {@code target} from {@code position} on. */
    public void read(float[] target, int position) {
        for (int r = 0; r < rows; r++) {
            int at = position + r * cols;
            if (storage.onHost() && type == DataType.FLOAT) {
                storage.window(offset + (long) r * stride, cols).asFloatBuffer().get(target, at, cols);
            } else {
                double[] row = rows(r, r + 1).array().dup().data().asDouble();
                for (int c = 0; c < cols; c++) {
                    target[at + c] = (float) row[c];
                }
            }
        }
    }

    /** Writes all elements from {@code source}, row-major, from {@code position} on. */
    public void write(float[] source, int position) {
        for (int r = 0; r < rows; r++) {
            int at = position + r * cols;
            if (storage.onHost() && type == DataType.FLOAT) {
                storage.window(offset + (long) r * stride, cols).asFloatBuffer().put(source, at, cols);
            } else {
                double[] row = new double[cols];
                for (int c = 0; c < cols; c++) {
                    row[c] = source[at + c];
                }
                rows(r, r + 1).write(row);
            }
        }
    }

    /** Writes all elements from {@code source}, row-major, rounded to this tensor's type. */
    public void write(double... source) {
        if (source.length != length()) {
            throw new IllegalArgumentException(source.length + " values for " + this);
        }
        for (int r = 0; r < rows; r++) {
            if (storage.onHost()) {
                ByteBuffer window = storage.window(offset + (long) r * stride, cols);
                for (int c = 0; c < cols; c++) {
                    if (type == DataType.DOUBLE) {
                        window.putDouble(c * Double.BYTES, source[r * cols + c]);
                    } else {
                        window.putFloat(c * Float.BYTES, (float) source[r * cols + c]);
                    }
                }
            } else {
                double[] row = java.util.Arrays.copyOfRange(source, r * cols, (r + 1) * cols);
                rows(r, r + 1)
                        .array()
                        .assign(Nd4j.createFromArray(row).reshape(1, cols).castTo(type));
            }
        }
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
