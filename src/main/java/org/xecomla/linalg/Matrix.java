package org.xecomla.linalg;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.cblas_dgemm;

import java.io.Serializable;
import java.util.Arrays;
import org.xecomla.tensor.Tensor;

/**
 * An immutable matrix of doubles on the Java heap, row-major: what initialisations compute with, away from the step. It
 * may cross a Spark boundary, unlike {@link Tensor}. Products run in OpenBLAS.
 */
public final class Matrix implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int rows;
    private final int cols;
    private final double[] values; // (rows, cols), never handed out

    private Matrix(int rows, int cols, double[] values) {
        if (rows < 0 || cols < 0 || values.length != (long) rows * cols) {
            throw new IllegalArgumentException(values.length + " values for a matrix of " + rows + " x " + cols);
        }
        this.rows = rows;
        this.cols = cols;
        this.values = values;
    }

    /** The element at a row and a column. */
    @FunctionalInterface
    public interface Element {
        double at(int row, int col);
    }

    /** Takes {@code values} over without copying: for results that this package has just computed. */
    static Matrix wrap(int rows, int cols, double[] values) {
        return new Matrix(rows, cols, values);
    }

    /** A matrix (rows, cols) of {@code values} in row-major order, copied. */
    public static Matrix of(int rows, int cols, double... values) {
        return new Matrix(rows, cols, values.clone());
    }

    /** A matrix (rows, cols) of {@code values} in row-major order. */
    public static Matrix ofFloats(int rows, int cols, float[] values) {
        return ofFloats(rows, cols, values, 0);
    }

    /** A matrix (rows, cols) of the row-major {@code values} from position {@code from} on. */
    public static Matrix ofFloats(int rows, int cols, float[] values, int from) {
        double[] out = new double[Math.multiplyExact(rows, cols)];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[from + i];
        }
        return new Matrix(rows, cols, out);
    }

    public static Matrix zeros(int rows, int cols) {
        return new Matrix(rows, cols, new double[Math.multiplyExact(rows, cols)]);
    }

    public static Matrix identity(int size) {
        return build(size, size, (r, c) -> r == c ? 1 : 0);
    }

    /** A matrix (rows, cols) element by element. */
    public static Matrix build(int rows, int cols, Element element) {
        double[] out = new double[Math.multiplyExact(rows, cols)];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                out[r * cols + c] = element.at(r, c);
            }
        }
        return new Matrix(rows, cols, out);
    }

    /** The matrices one below the other; all have the same number of columns. */
    public static Matrix stack(Matrix... parts) {
        int cols = parts[0].cols;
        int rows = Arrays.stream(parts).mapToInt(Matrix::rows).sum();
        double[] out = new double[Math.multiplyExact(rows, cols)];
        int at = 0;
        for (Matrix part : parts) {
            if (part.cols != cols) {
                throw new IllegalArgumentException(part + " below a matrix of " + cols + " columns");
            }
            System.arraycopy(part.values, 0, out, at, part.values.length);
            at += part.values.length;
        }
        return new Matrix(rows, cols, out);
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public double get(int row, int col) {
        if (col < 0 || col >= cols) {
            throw new IndexOutOfBoundsException("column " + col + " of " + cols);
        }
        return values[row * cols + col];
    }

    /** All elements in row-major order, copied. */
    public double[] toDoubles() {
        return values.clone();
    }

    /** All elements in row-major order, rounded to float. */
    public float[] toFloats() {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) values[i];
        }
        return out;
    }

    // ---- parts ----

    /** Rows {@code from} (inclusive) to {@code to} (exclusive). */
    public Matrix rows(int from, int to) {
        return new Matrix(to - from, cols, Arrays.copyOfRange(values, from * cols, to * cols));
    }

    /** Columns {@code from} (inclusive) to {@code to} (exclusive). */
    public Matrix cols(int from, int to) {
        return build(rows, to - from, (r, c) -> values[r * cols + from + c]);
    }

    /** The rows of the given numbers, in that order; a number may come more than once. */
    public Matrix selectRows(int... numbers) {
        double[] out = new double[Math.multiplyExact(numbers.length, cols)];
        for (int i = 0; i < numbers.length; i++) {
            System.arraycopy(values, numbers[i] * cols, out, i * cols, cols);
        }
        return new Matrix(numbers.length, cols, out);
    }

    public Matrix transpose() {
        return build(cols, rows, (r, c) -> values[c * cols + r]);
    }

    // ---- products ----

    /** A B, with A this matrix. */
    public Matrix times(Matrix b) {
        return product(false, this, false, b);
    }

    /** A<sup>T</sup> B, with A this matrix. */
    public Matrix transposeTimes(Matrix b) {
        return product(true, this, false, b);
    }

    /** A B<sup>T</sup>, with A this matrix. */
    public Matrix timesTranspose(Matrix b) {
        return product(false, this, true, b);
    }

    private static Matrix product(boolean transposeA, Matrix a, boolean transposeB, Matrix b) {
        int m = transposeA ? a.cols : a.rows;
        int k = transposeA ? a.rows : a.cols;
        int n = transposeB ? b.rows : b.cols;
        if (k != (transposeB ? b.cols : b.rows)) {
            throw new IllegalArgumentException("no product of " + a + (transposeA ? " transposed" : "") + " and " + b
                    + (transposeB ? " transposed" : ""));
        }
        double[] out = new double[Math.multiplyExact(m, n)];
        if (out.length > 0 && k > 0) {
            int opA = transposeA ? CblasTrans : CblasNoTrans;
            int opB = transposeB ? CblasTrans : CblasNoTrans;
            cblas_dgemm(CblasRowMajor, opA, opB, m, n, k, 1, a.values, a.cols, b.values, b.cols, 0, out, n);
        }
        return new Matrix(m, n, out);
    }

    /** For each row r the quadratic form row<sub>r</sub>(A) S row<sub>r</sub>(A)<sup>T</sup>, with A this matrix. */
    public double[] quadraticForms(Matrix s) {
        Matrix product = times(s); // (rows, cols)
        double[] out = new double[rows];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                out[r] += product.values[r * cols + c] * values[r * cols + c];
            }
        }
        return out;
    }

    // ---- element by element ----

    public Matrix plus(Matrix b) {
        sameShape(b);
        return build(rows, cols, (r, c) -> values[r * cols + c] + b.values[r * cols + c]);
    }

    public Matrix minus(Matrix b) {
        sameShape(b);
        return build(rows, cols, (r, c) -> values[r * cols + c] - b.values[r * cols + c]);
    }

    public Matrix scale(double factor) {
        return build(rows, cols, (r, c) -> factor * values[r * cols + c]);
    }

    /** Row r multiplied by {@code factors[r]}. */
    public Matrix scaleRows(double... factors) {
        if (factors.length != rows) {
            throw new IllegalArgumentException(factors.length + " factors for the rows of " + this);
        }
        return build(rows, cols, (r, c) -> factors[r] * values[r * cols + c]);
    }

    /** Column c multiplied by {@code factors[c]}. */
    public Matrix scaleCols(double... factors) {
        if (factors.length != cols) {
            throw new IllegalArgumentException(factors.length + " factors for the columns of " + this);
        }
        return build(rows, cols, (r, c) -> factors[c] * values[r * cols + c]);
    }

    // ---- numbers ----

    public double frobeniusNorm() {
        return Math.sqrt(sumOfSquares());
    }

    public double sumOfSquares() {
        double sum = 0;
        for (double x : values) {
            sum += x * x;
        }
        return sum;
    }

    /** Sum of the diagonal. */
    public double trace() {
        double sum = 0;
        for (int i = 0; i < Math.min(rows, cols); i++) {
            sum += values[i * cols + i];
        }
        return sum;
    }

    /** Whether no element is NaN or infinite. */
    public boolean isFinite() {
        for (double x : values) {
            if (!Double.isFinite(x)) {
                return false;
            }
        }
        return true;
    }

    private void sameShape(Matrix b) {
        if (b.rows != rows || b.cols != cols) {
            throw new IllegalArgumentException(this + " and " + b + " have not the same shape");
        }
    }

    /** The elements themselves, for LAPACK, which must not write into them. */
    double[] values() {
        return values;
    }

    @Override
    public String toString() {
        return "matrix " + rows + " x " + cols;
    }
}
