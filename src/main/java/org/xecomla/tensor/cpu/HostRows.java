package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.host.Workers;
import org.xecomla.tensor.memory.HostStorage;

/** Tensors in host memory, row by row or as runs of adjacent elements, over the threads of {@link Workers}. */
final class HostRows {
    static final int CHEAP = 1 << 15; // elements of a copy or a sum that outweigh waking a helper
    static final int DEAR = 1 << 13; // the same with exponentials, roots or strided access

    /**
     * Long rows are best handed over in blocks of this many elements: sums in float stay accurate, and the just-in-time
     * compiler sees many short calls instead of one that it must replace while it runs, in slow unoptimised vector
     * code.
     */
    static final int BLOCK = 1024;

    private final Workers workers;

    HostRows(Workers workers) {
        this.workers = workers;
    }

    /** Handles one row. */
    interface Row {
        void accept(int row);
    }

    /** Handles {@code count} elements from {@code position} in row-major order on, adjacent in every operand. */
    interface Run {
        void accept(int part, long position, int count);
    }

    /** {@code cols} elements are worked on in a row. */
    void eachRow(int numRows, int cols, int grain, Row row) {
        workers.split(numRows, rowsPerGrain(cols, grain), (part, from, to) -> {
            for (long r = from; r < to; r++) {
                row.accept((int) r);
            }
        });
    }

    static int rowsPerGrain(int cols, int grain) {
        return grain / Math.max(1, cols) + 1;
    }

    /** All elements of {@code operands}, which must be of one shape. */
    void eachRun(long grain, Run run, Tensor... operands) {
        Tensor shape = operands[0];
        boolean flat = true;
        for (Tensor operand : operands) {
            requireShape(shape, operand);
            flat &= operand.contiguous();
        }
        int cols = shape.cols();
        if (flat) {
            workers.split(shape.length(), grain, (part, from, to) -> {
                for (long at = from; at < to; at += BLOCK) {
                    run.accept(part, at, (int) Math.min(BLOCK, to - at));
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

    /** The window of memory that holds row {@code row}, from byte {@link #index} on. */
    static ByteBuffer window(Tensor t, int row) {
        return HostStorage.of(t).windowAt(t.offset() + (long) row * t.stride());
    }

    static int index(Tensor t, int row) {
        return HostStorage.of(t).windowIndex(t.offset() + (long) row * t.stride());
    }

    /** The window of memory that holds the element at {@code position} in row-major order, byte {@link #runIndex}. */
    static ByteBuffer runWindow(Tensor t, long position) {
        return HostStorage.of(t).windowAt(at(t, position));
    }

    static int runIndex(Tensor t, long position) {
        return HostStorage.of(t).windowIndex(at(t, position));
    }

    private static long at(Tensor t, long position) {
        return t.offset() + (t.contiguous() ? position : position / t.cols() * t.stride());
    }

    static void require(boolean fits, String what, Object... operands) {
        if (!fits) {
            throw new IllegalArgumentException(what + " of " + Arrays.toString(operands));
        }
    }

    /** @throws IndexOutOfBoundsException where an id is not below {@code bound} */
    static void requireIds(int[] ids, int bound) {
        for (int id : ids) {
            if (id >= bound) {
                throw new IndexOutOfBoundsException("id " + id + " of " + bound);
            }
        }
    }
}
