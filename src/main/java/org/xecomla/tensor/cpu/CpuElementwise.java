package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.Tensor;

/**
 * Operations of {@link CpuKernels} that treat every element alike: tensors of one shape, cut into runs of adjacent
 * elements.
 */
final class CpuElementwise {
    private static final int CHEAP = 1 << 15; // elements of a copy or a sum that outweigh waking a helper
    private static final int DEAR = 1 << 13; // the same with exponentials or roots

    private final Workers workers;
    private final RowMath math;

    CpuElementwise(Workers workers, RowMath math) {
        this.workers = workers;
        this.math = math;
    }

    /** Handles {@code count} elements from {@code position} in row-major order on, adjacent in every operand. */
    private interface Run {
        void accept(int part, long position, int count);
    }

    private void eachRun(long grain, Run run, Tensor... operands) {
        Tensor shape = operands[0];
        boolean flat = true;
        for (Tensor operand : operands) {
            requireShape(shape, operand);
            flat &= operand.contiguous();
        }
        int cols = shape.cols();
        if (flat) {
            workers.split(shape.length(), grain, (part, from, to) -> {
                for (long at = from; at < to; at += RowMath.BLOCK) {
                    run.accept(part, at, (int) Math.min(RowMath.BLOCK, to - at));
                }
            });
        } else {
            workers.split(shape.rows(), grain / Math.max(1, cols) + 1, (part, from, to) -> {
                for (long row = from; row < to; row++) {
                    run.accept(part, row * cols, cols);
                }
            });
        }
    }

    private static void requireShape(Tensor expected, Tensor actual) {
        if (expected.rows() != actual.rows() || expected.cols() != actual.cols()) {
            throw new IllegalArgumentException(actual + " where " + expected + " is given as well");
        }
    }

    private static long at(Tensor t, long position) {
        return t.offset() + (t.contiguous() ? position : position / t.cols() * t.stride());
    }

    private static ByteBuffer window(Tensor t, long position) {
        return t.storage().windowAt(at(t, position));
    }

    private static int index(Tensor t, long position) {
        return t.storage().windowIndex(at(t, position));
    }

    void fill(Tensor x, double value) {
        eachRun(CHEAP, (part, p, n) -> math.fill((float) value, window(x, p), index(x, p), n), x);
    }

    void copy(Tensor x, Tensor y) {
        eachRun(CHEAP, (part, p, n) -> math.copy(window(x, p), index(x, p), window(y, p), index(y, p), n), x, y);
    }

    void scale(double alpha, Tensor x) {
        eachRun(CHEAP, (part, p, n) -> math.scale((float) alpha, window(x, p), index(x, p), n), x);
    }

    void axpy(double alpha, Tensor x, Tensor y) {
        eachRun(
                CHEAP,
                (part, p, n) -> math.axpy((float) alpha, window(x, p), index(x, p), window(y, p), index(y, p), n),
                x,
                y);
    }

    /** One sum a part, added up in the order of parts: the result does not depend on who was first. */
    double sumOfSquares(Tensor x) {
        double[] sums = new double[workers.maxParts()];
        eachRun(CHEAP, (part, p, n) -> sums[part] += math.sumOfSquares(window(x, p), index(x, p), n), x);
        double sum = 0;
        for (double partial : sums) {
            sum += partial;
        }
        return sum;
    }

    void swiGlu(Tensor gate, Tensor up, Tensor out) {
        eachRun(
                DEAR,
                (part, p, n) -> math.swiGlu(
                        window(gate, p), index(gate, p), window(up, p), index(up, p), window(out, p), index(out, p), n),
                gate,
                up,
                out);
    }

    void swiGluBackward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        eachRun(
                DEAR,
                (part, p, n) -> math.swiGluBackward(
                        window(dOut, p),
                        index(dOut, p),
                        window(gate, p),
                        index(gate, p),
                        window(up, p),
                        index(up, p),
                        window(dGate, p),
                        index(dGate, p),
                        window(dUp, p),
                        index(dUp, p),
                        n),
                dOut,
                gate,
                up,
                dGate,
                dUp);
    }

    void adamW(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        RowMath.AdamWFactors factors = RowMath.AdamWFactors.of(step);
        eachRun(
                DEAR,
                (part, p, n) -> math.adamW(
                        factors,
                        window(weights, p),
                        index(weights, p),
                        window(gradients, p),
                        index(gradients, p),
                        window(moments1, p),
                        index(moments1, p),
                        window(moments2, p),
                        index(moments2, p),
                        n),
                weights,
                gradients,
                moments1,
                moments2);
    }
}
