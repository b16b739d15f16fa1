package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import org.xecomla.tensor.Bias;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.host.Workers;

/** {@link Bias} row by row. */
final class CpuBias implements Bias {
    private final Workers workers;
    private final HostRows rows;
    private final RowLoops loops;

    CpuBias(Workers workers, HostRows rows, RowLoops loops) {
        this.workers = workers;
        this.rows = rows;
        this.loops = loops;
    }

    @Override
    public void forward(Tensor bias, Tensor y) {
        int n = y.cols();
        HostRows.require(bias.rows() == 1 && bias.cols() == n, "bias", bias, y);
        rows.eachRow(
                y.rows(),
                n,
                HostRows.CHEAP,
                r -> loops.axpy(1, window(bias, 0), index(bias, 0), window(y, r), index(y, r), n));
    }

    /** Split over columns, so that every sum comes in the order of rows on any number of threads. */
    @Override
    public void backward(Tensor dY, Tensor dBias) {
        HostRows.require(dBias.rows() == 1 && dBias.cols() == dY.cols(), "sum of rows", dY, dBias);
        workers.split(dY.cols(), HostRows.rowsPerGrain(dY.rows(), HostRows.CHEAP), (part, from, to) -> {
            int start = (int) from * Float.BYTES;
            int n = (int) (to - from);
            for (int r = 0; r < dY.rows(); r++) {
                // forward was: y = ... + bias
                loops.axpy(1, window(dY, r), index(dY, r) + start, window(dBias, 0), index(dBias, 0) + start, n);
            }
        });
    }
}
