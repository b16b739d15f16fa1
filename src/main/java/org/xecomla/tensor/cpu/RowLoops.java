package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.Vectors.STEP;
import static org.xecomla.tensor.cpu.Vectors.all;
import static org.xecomla.tensor.cpu.Vectors.load;
import static org.xecomla.tensor.cpu.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Arithmetic on rows of adjacent floats in host memory that several operations share. {@code x, xAt} is a row: a direct
 * buffer in native order and the byte index of its first element; {@code n} is the number of elements. Sums are taken
 * in an order that depends on {@code n} only.
 */
final class RowLoops {
    private final Lanes lanes;

    RowLoops(Lanes lanes) {
        this.lanes = lanes;
    }

    void fill(float value, ByteBuffer x, int xAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.fill(value, x, xAt, i);
        }
        for (; i < 4 * n; i += 4) {
            x.putFloat(xAt + i, value);
        }
    }

    void copy(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.copy(x, xAt, y, yAt, i);
        }
        for (; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, x.getFloat(xAt + i));
        }
    }

    void scale(float alpha, ByteBuffer x, int xAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.scale(alpha, x, xAt, i);
        }
        for (; i < 4 * n; i += 4) {
            x.putFloat(xAt + i, alpha * x.getFloat(xAt + i));
        }
    }

    /** y += alpha x. */
    void axpy(float alpha, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.axpy(alpha, x, xAt, y, yAt, i);
        }
        for (; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, Math.fma(x.getFloat(xAt + i), alpha, y.getFloat(yAt + i)));
        }
    }

    float dot(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n) {
        int i = lanes.wide(n);
        float sum = i > 0 ? InVectors.dot(x, xAt, y, yAt, i) : 0;
        for (; i < 4 * n; i += 4) {
            sum = Math.fma(x.getFloat(xAt + i), y.getFloat(yAt + i), sum);
        }
        return sum;
    }

    /** Squares and their sum in double. */
    double sumOfSquares(ByteBuffer x, int xAt, int n) {
        int i = lanes.wide(n);
        double sum = i > 0 ? InVectors.sumOfSquares(x, xAt, i) : 0;
        for (; i < 4 * n; i += 4) {
            double value = x.getFloat(xAt + i);
            sum = Math.fma(value, value, sum);
        }
        return sum;
    }

    /** The first {@code end} bytes, which fill whole vectors. */
    private static final class InVectors {
        static void fill(float value, ByteBuffer x, int xAt, int end) {
            FloatVector values = all(value);
            for (int i = 0; i < end; i += STEP) {
                store(values, x, xAt + i);
            }
        }

        static void copy(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int end) {
            for (int i = 0; i < end; i += STEP) {
                store(load(x, xAt + i), y, yAt + i);
            }
        }

        static void scale(float alpha, ByteBuffer x, int xAt, int end) {
            for (int i = 0; i < end; i += STEP) {
                store(load(x, xAt + i).mul(alpha), x, xAt + i);
            }
        }

        static void axpy(float alpha, ByteBuffer x, int xAt, ByteBuffer y, int yAt, int end) {
            FloatVector a = all(alpha);
            for (int i = 0; i < end; i += STEP) {
                store(load(x, xAt + i).fma(a, load(y, yAt + i)), y, yAt + i);
            }
        }

        static float dot(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int end) {
            FloatVector sums = FloatVector.zero(Vectors.FLOATS);
            for (int i = 0; i < end; i += STEP) {
                sums = load(x, xAt + i).fma(load(y, yAt + i), sums);
            }
            return sums.reduceLanes(VectorOperators.ADD);
        }

        static double sumOfSquares(ByteBuffer x, int xAt, int end) {
            DoubleVector sums0 = DoubleVector.zero(Vectors.DOUBLES);
            DoubleVector sums1 = DoubleVector.zero(Vectors.DOUBLES);
            for (int i = 0; i < end; i += STEP) {
                FloatVector values = load(x, xAt + i);
                DoubleVector low = (DoubleVector) values.convertShape(VectorOperators.F2D, Vectors.DOUBLES, 0);
                DoubleVector high = (DoubleVector) values.convertShape(VectorOperators.F2D, Vectors.DOUBLES, 1);
                sums0 = low.fma(low, sums0);
                sums1 = high.fma(high, sums1);
            }
            return sums0.add(sums1).reduceLanes(VectorOperators.ADD);
        }
    }
}
