package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Storage;
import org.xecomla.tensor.Tensor;

/** Operations of {@link CpuKernels} that work row by row: norms, rope, copies of heads, embedding, softmax. */
public final class CpuRows {
    private static final int CHEAP = 1 << 15; // elements of a copy or a sum that outweigh waking a helper
    private static final int DEAR = 1 << 13; // the same with exponentials or strided access

    private final Workers workers;
    private final RowMath math;
    private final HostScratch scratch;

    CpuRows(Workers workers, RowMath math, HostScratch scratch) {
        this.workers = workers;
        this.math = math;
        this.scratch = scratch;
    }

    /** Handles one row; {@code part} is the part of the rows that it belongs to. */
    private interface Row {
        void accept(int part, int row);
    }

    private void eachRow(int numRows, int cols, int grain, Row row) {
        workers.split(numRows, rowsPerGrain(cols, grain), (part, from, to) -> {
            for (long r = from; r < to; r++) {
                row.accept(part, (int) r);
            }
        });
    }

    private static int rowsPerGrain(int cols, int grain) {
        return grain / Math.max(1, cols) + 1;
    }

    private static ByteBuffer window(Tensor t, int row) {
        return t.storage().windowAt(t.offset() + (long) row * t.stride());
    }

    private static int index(Tensor t, int row) {
        return t.storage().windowIndex(t.offset() + (long) row * t.stride());
    }

    private static void require(boolean fits, String what, Object... operands) {
        if (!fits) {
            throw new IllegalArgumentException(what + " of " + Arrays.toString(operands));
        }
    }

    // ---- normalisation ----

    void rmsNorm(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        int n = x.cols();
        require(
                gain.cols() == n && y.cols() == n && y.rows() == x.rows() && inverseRms.rows() == x.rows(),
                "RMSNorm",
                x,
                gain,
                y,
                inverseRms);
        eachRow(x.rows(), n, DEAR, (part, r) -> {
            double square = math.sumOfSquares(window(x, r), index(x, r), n);
            float inverse = (float) (1 / Math.sqrt(square / n + epsilon));
            inverseRms.set(r, 0, inverse);
            math.scaleByGain(
                    inverse, window(x, r), index(x, r), window(gain, 0), index(gain, 0), window(y, r), index(y, r), n);
        });
    }

    void rmsNormBackward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        int n = x.cols();
        require(
                gain.cols() == n && dY.cols() == n && dY.rows() == x.rows() && dX.cols() == n && dX.rows() == x.rows(),
                "backward of RMSNorm",
                dY,
                x,
                gain,
                dX);
        eachRow(x.rows(), n, DEAR, (part, r) -> {
            float inverse = (float) inverseRms.get(r, 0);
            // forward was: y = inverse * x * gain, inverse = (mean(x^2) + epsilon)^(-1/2)
            float dot = math.dot3(
                    window(dY, r), index(dY, r), window(gain, 0), index(gain, 0), window(x, r), index(x, r), n);
            math.addProduct(
                    inverse,
                    window(dY, r),
                    index(dY, r),
                    window(gain, 0),
                    index(gain, 0),
                    window(dX, r),
                    index(dX, r),
                    n);
            float throughRms = -dot * inverse * inverse * inverse / n;
            math.axpy(throughRms, window(x, r), index(x, r), window(dX, r), index(dX, r), n);
        });
        if (dGain != null) {
            gainGradient(dY, x, inverseRms, dGain);
        }
    }

    /** A sum over rows: every part makes its own, and they are added in the order of parts. */
    private void gainGradient(Tensor dY, Tensor x, Tensor inverseRms, Tensor dGain) {
        int n = x.cols();
        int numParts = workers.numParts(x.rows(), rowsPerGrain(n, DEAR));
        scratch.reserve(scratchOfGain(workers.maxParts(), n));
        Tensor sums = scratch.matrix(0, 0, numParts, n); // (parts, D)
        workers.split(x.rows(), rowsPerGrain(n, DEAR), (part, from, to) -> {
            ByteBuffer sum = window(sums, part);
            int sumAt = index(sums, part);
            math.fill(0, sum, sumAt, n);
            for (int r = (int) from; r < to; r++) {
                float inverse = (float) inverseRms.get(r, 0);
                math.addProduct(inverse, window(dY, r), index(dY, r), window(x, r), index(x, r), sum, sumAt, n);
            }
        });
        for (int part = 0; part < numParts; part++) {
            math.axpy(1, window(sums, part), index(sums, part), window(dGain, 0), index(dGain, 0), n);
        }
    }

    /** Elements of a thread's scratch that {@link #rmsNormBackward} of {@code n} columns needs. */
    public static long scratchOfGain(int maxParts, int n) {
        return (long) maxParts * n;
    }

    // ---- heads ----

    void rope(HeadView x, Tensor cos, Tensor sin, int[] positions, boolean inverse) {
        int half = x.width() / 2;
        int numHeads = x.headStride() == 0 ? 1 : x.numHeads();
        require(
                cos.cols() == half
                        && sin.cols() == half
                        && x.width() % 2 == 0
                        && positions.length == x.tensor().rows(),
                "rope",
                x,
                cos,
                sin);
        eachRow(x.tensor().rows(), numHeads * half, DEAR, (part, r) -> {
            int position = positions[r];
            ByteBuffer row = window(x.tensor(), r);
            ByteBuffer c = window(cos, position);
            ByteBuffer s = window(sin, position);
            for (int h = 0; h < numHeads; h++) {
                int first = index(x.tensor(), r) + (h * x.headStride() + x.offset()) * Float.BYTES;
                int second = first + half * Float.BYTES;
                if (inverse) {
                    math.rotateBack(row, first, second, c, index(cos, position), s, index(sin, position), half);
                } else {
                    math.rotate(row, first, second, c, index(cos, position), s, index(sin, position), half);
                }
            }
        });
    }

    void copyHeads(HeadView source, HeadView target) {
        requireHeads(source, target);
        eachHead(source, target, math::copy);
    }

    void addHeads(HeadView source, HeadView target) {
        requireHeads(source, target);
        eachHead(source, target, (x, xAt, y, yAt, n) -> math.axpy(1, x, xAt, y, yAt, n));
    }

    /** Combines one head's columns of one row. */
    private interface HeadOperation {
        void accept(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n);
    }

    private void eachHead(HeadView source, HeadView target, HeadOperation operation) {
        int width = source.width();
        eachRow(source.tensor().rows(), source.numHeads() * width, DEAR, (part, r) -> {
            ByteBuffer from = window(source.tensor(), r);
            ByteBuffer to = window(target.tensor(), r);
            for (int h = 0; h < source.numHeads(); h++) {
                int fromAt = index(source.tensor(), r) + (h * source.headStride() + source.offset()) * Float.BYTES;
                int toAt = index(target.tensor(), r) + (h * target.headStride() + target.offset()) * Float.BYTES;
                operation.accept(from, fromAt, to, toAt, width);
            }
        });
    }

    private static void requireHeads(HeadView source, HeadView target) {
        require(
                source.numHeads() == target.numHeads()
                        && source.width() == target.width()
                        && source.tensor().rows() == target.tensor().rows(),
                "copy or sum of heads",
                source,
                target);
    }

    // ---- embedding ----

    void gatherRows(Tensor table, int[] ids, Tensor out) {
        int n = table.cols();
        require(out.cols() == n && out.rows() == ids.length, "rows of a table for " + ids.length + " ids", table, out);
        requireIds(ids, 0, table.rows());
        eachRow(
                ids.length,
                n,
                CHEAP,
                (part, r) -> math.copy(window(table, ids[r]), index(table, ids[r]), window(out, r), index(out, r), n));
    }

    /** Split over columns, not rows: ids repeat, and every sum must come in the order of rows. */
    void scatterAddRows(Tensor dOut, int[] ids, Tensor dTable) {
        require(dOut.cols() == dTable.cols() && dOut.rows() == ids.length, "sums of rows", dOut, dTable);
        requireIds(ids, 0, dTable.rows());
        workers.split(dOut.cols(), rowsPerGrain(ids.length, CHEAP), (part, from, to) -> {
            int start = (int) from * Float.BYTES;
            int n = (int) (to - from);
            for (int r = 0; r < ids.length; r++) {
                math.axpy(
                        1,
                        window(dOut, r),
                        index(dOut, r) + start,
                        window(dTable, ids[r]),
                        index(dTable, ids[r]) + start,
                        n);
            }
        });
    }

    private static void requireIds(int[] ids, int lowest, int bound) {
        for (int id : ids) {
            if (id < lowest || id >= bound) {
                throw new IndexOutOfBoundsException("id " + id + " of " + bound);
            }
        }
    }

    // ---- head and loss ----

    void scaleRows(double[] factors, Tensor x) {
        require(factors.length >= x.rows(), factors.length + " factors for the rows", x);
        eachRow(
                x.rows(),
                x.cols(),
                CHEAP,
                (part, r) -> math.scale((float) factors[r], window(x, r), index(x, r), x.cols()));
    }

    void softmaxRows(Tensor x, double beta, double[] logSumExp) {
        eachRow(x.rows(), x.cols(), DEAR, (part, r) -> {
            logSumExp[r] = softmax(x.storage(), x.offset() + (long) r * x.stride(), x.cols(), (float) beta);
        });
    }

    /**
     * Softmax of {@code n} elements from {@code start} on, block by block since a vocabulary is long; returns log sum
     * exp.
     */
    private double softmax(Storage storage, long start, int n, float beta) {
        float max = Float.NEGATIVE_INFINITY;
        for (int at = 0; at < n; at += RowMath.BLOCK) {
            max = Math.max(max, math.max(storage.windowAt(start + at), storage.windowIndex(start + at), block(n, at)));
        }
        float shift = beta * max;
        double sum = 0;
        for (int at = 0; at < n; at += RowMath.BLOCK) {
            sum += math.expAndSum(
                    beta, shift, storage.windowAt(start + at), storage.windowIndex(start + at), block(n, at));
        }
        float inverse = (float) (1 / sum);
        for (int at = 0; at < n; at += RowMath.BLOCK) {
            math.scale(inverse, storage.windowAt(start + at), storage.windowIndex(start + at), block(n, at));
        }
        return shift + Math.log(sum);
    }

    private static int block(int n, int at) {
        return Math.min(RowMath.BLOCK, n - at);
    }

    void gatherColumns(Tensor x, int[] ids, double[] values) {
        int numChosen = ids.length / x.rows();
        requireIds(ids, Integer.MIN_VALUE, x.cols());
        eachRow(x.rows(), numChosen, DEAR, (part, r) -> {
            ByteBuffer row = window(x, r);
            for (int i = r * numChosen; i < (r + 1) * numChosen; i++) {
                values[i] = ids[i] < 0 ? 0 : row.getFloat(index(x, r) + ids[i] * Float.BYTES);
            }
        });
    }

    void scatterAddColumns(double[] values, int[] ids, Tensor x) {
        int numChosen = ids.length / x.rows();
        requireIds(ids, Integer.MIN_VALUE, x.cols());
        eachRow(x.rows(), numChosen, DEAR, (part, r) -> {
            ByteBuffer row = window(x, r);
            for (int i = r * numChosen; i < (r + 1) * numChosen; i++) {
                if (ids[i] >= 0) {
                    int at = index(x, r) + ids[i] * Float.BYTES;
                    row.putFloat(at, (float) (row.getFloat(at) + values[i]));
                }
            }
        });
    }
}
