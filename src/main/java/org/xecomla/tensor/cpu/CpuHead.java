package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import java.nio.ByteBuffer;
import org.xecomla.tensor.Head;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.HostStorage;

/** {@link Head} row by row. */
final class CpuHead implements Head {
    private final HostRows rows;
    private final RowLoops loops;
    private final SoftmaxLoops softmax;

    CpuHead(HostRows rows, RowLoops loops, SoftmaxLoops softmax) {
        this.rows = rows;
        this.loops = loops;
        this.softmax = softmax;
    }

    @Override
    public void softmax(Tensor x, double beta, double[] logSumExp) {
        rows.eachRow(x.rows(), x.cols(), HostRows.DEAR, r -> {
            logSumExp[r] = softmax(HostStorage.of(x), x.offset() + (long) r * x.stride(), x.cols(), (float) beta);
        });
    }

    /** Of {@code n} elements from {@code start} on, block by block since a vocabulary is long; returns log sum exp. */
    private double softmax(HostStorage storage, long start, int n, float beta) {
        float max = Float.NEGATIVE_INFINITY;
        for (int at = 0; at < n; at += HostRows.BLOCK) {
            max = Math.max(
                    max, softmax.max(storage.windowAt(start + at), storage.windowIndex(start + at), block(n, at)));
        }
        float shift = beta * max;
        double sum = 0;
        for (int at = 0; at < n; at += HostRows.BLOCK) {
            sum += softmax.expAndSum(
                    beta, shift, storage.windowAt(start + at), storage.windowIndex(start + at), block(n, at));
        }
        float inverse = (float) (1 / sum);
        for (int at = 0; at < n; at += HostRows.BLOCK) {
            loops.scale(inverse, storage.windowAt(start + at), storage.windowIndex(start + at), block(n, at));
        }
        return shift + Math.log(sum);
    }

    private static int block(int n, int at) {
        return Math.min(HostRows.BLOCK, n - at);
    }

    @Override
    public void scaleRows(double[] factors, Tensor x) {
        HostRows.require(factors.length >= x.rows(), factors.length + " factors for the rows", x);
        rows.eachRow(
                x.rows(),
                x.cols(),
                HostRows.CHEAP,
                r -> loops.scale((float) factors[r], window(x, r), index(x, r), x.cols()));
    }

    @Override
    public void gather(Tensor x, int[] ids, double[] values) {
        int numChosen = ids.length / x.rows();
        HostRows.requireIds(ids, x.cols());
        rows.eachRow(x.rows(), numChosen, HostRows.DEAR, r -> {
            ByteBuffer row = window(x, r);
            for (int i = r * numChosen; i < (r + 1) * numChosen; i++) {
                values[i] = ids[i] < 0 ? 0 : row.getFloat(index(x, r) + ids[i] * Float.BYTES);
            }
        });
    }

    @Override
    public void scatterAdd(double[] values, int[] ids, Tensor x) {
        int numChosen = ids.length / x.rows();
        HostRows.requireIds(ids, x.cols());
        rows.eachRow(x.rows(), numChosen, HostRows.DEAR, r -> {
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
