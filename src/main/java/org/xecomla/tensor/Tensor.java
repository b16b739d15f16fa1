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
    private static final int MAX_RUN = 1 << 26; // elements copied at once: half a GiB of double

    private final Storage storage;
    private final DataType type;
    private final long offset;
    private final int rows;
    private final int cols;
    private final int stride;

    public Tensor(Storage storage, DataType type, long offset, int rows, int cols, int stride) {
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

    /**
     * A matrix of its own storage, set to zero. For set-up and tests; the step takes its memory from an {@link Arena}.
     */
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
        long at = indexOf(row, col);
        if (!storage.onHost()) {
            return storage.array().getDouble(at);
        }
        ByteBuffer window = storage.windowAt(at);
        int index = storage.windowIndex(at);
        return type == DataType.DOUBLE ? window.getDouble(index) : window.getFloat(index);
    }

    public void set(int row, int col, double value) {
        long at = indexOf(row, col);
        if (!storage.onHost()) {
            storage.array().putScalar(at, value);
        } else if (type == DataType.DOUBLE) {
            storage.windowAt(at).putDouble(storage.windowIndex(at), value);
        } else {
            storage.windowAt(at).putFloat(storage.windowIndex(at), (float) value);
        }
    }

    private long indexOf(int row, int col) {
        check(row, row + 1, rows, "rows");
        check(col, col + 1, cols, "columns");
        return offset + (long) row * stride + col;
    }

    /** Copies all elements out, row-major. */
    public double[] toDoubles() {
        double[] out = new double[Math.toIntExact(length())];
        if (!storage.onHost()) {
            return out.length == 0 ? out : array().dup('c').data().asDouble();
        }
        eachRun((window, index, position, count) -> {
            for (int i = 0; i < count; i++) {
                out[position + i] = type == DataType.DOUBLE
                        ? window.getDouble(index + i * Double.BYTES)
                        : window.getFloat(index + i * Float.BYTES);
            }
        });
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
        if (storage.onHost() && type == DataType.FLOAT) {
            eachRun((window, index, position, count) -> window.slice(index, count * Float.BYTES)
                    .order(window.order())
                    .asFloatBuffer()
                    .get(target, start + position, count));
        } else {
            double[] values = toDoubles();
            for (int i = 0; i < values.length; i++) {
                target[start + i] = (float) values[i];
            }
        }
    }

    /** Writes all elements from {@code source}, row-major, from {@code start} on. */
    public void write(float[] source, int start) {
        if (storage.onHost() && type == DataType.FLOAT) {
            eachRun((window, index, position, count) -> window.slice(index, count * Float.BYTES)
                    .order(window.order())
                    .asFloatBuffer()
                    .put(source, start + position, count));
        } else {
            double[] values = new double[Math.toIntExact(length())];
            for (int i = 0; i < values.length; i++) {
                values[i] = source[start + i];
            }
            write(values);
        }
    }

    /** Writes all elements from {@code source}, row-major, rounded to this tensor's type. */
    public void write(double... source) {
        if (source.length != length()) {
            throw new IllegalArgumentException(source.length + " values for " + this);
        }
        if (!storage.onHost()) {
            if (source.length > 0) {
                array().assign(Nd4j.createFromArray(source).reshape(rows, cols).castTo(type)); // (rows, cols)
            }
            return;
        }
        eachRun((window, index, position, count) -> {
            for (int i = 0; i < count; i++) {
                if (type == DataType.DOUBLE) {
                    window.putDouble(index + i * Double.BYTES, source[position + i]);
                } else {
                    window.putFloat(index + i * Float.BYTES, (float) source[position + i]);
                }
            }
        });
    }

    /**
     * Takes {@code count} adjacent elements: from byte {@code index} of the window, {@code position} in row-major
     * order.
     */
    private interface Run {
        void accept(ByteBuffer window, int index, int position, int count);
    }

    /** Hands all elements of a tensor in host memory to {@code run}, in stretches as long as they are adjacent. */
    private void eachRun(Run run) {
        int runLength = contiguous() ? MAX_RUN : cols;
        for (long done = 0; done < length(); ) {
            long at = contiguous() ? offset + done : offset + done / cols * stride;
            int count = (int) Math.min(runLength, length() - done);
            run.accept(storage.windowAt(at), storage.windowIndex(at), Math.toIntExact(done), count);
            done += count;
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
