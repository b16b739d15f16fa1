package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.runIndex;
import static org.xecomla.tensor.cpu.HostRows.runWindow;

import org.xecomla.tensor.Elementwise;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.host.Workers;

/** {@link Elementwise} in runs of adjacent elements. */
final class CpuElementwise implements Elementwise {
    private final Workers workers;
    private final HostRows rows;
    private final RowLoops loops;

    CpuElementwise(Workers workers, HostRows rows, RowLoops loops) {
        this.workers = workers;
        this.rows = rows;
        this.loops = loops;
    }

    @Override
    public void fill(Tensor x, double value) {
        rows.eachRun(HostRows.CHEAP, (part, p, n) -> loops.fill((float) value, runWindow(x, p), runIndex(x, p), n), x);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        rows.eachRun(
                HostRows.CHEAP,
                (part, p, n) -> loops.copy(runWindow(x, p), runIndex(x, p), runWindow(y, p), runIndex(y, p), n),
                x,
                y);
    }

    @Override
    public void scale(double alpha, Tensor x) {
        rows.eachRun(HostRows.CHEAP, (part, p, n) -> loops.scale((float) alpha, runWindow(x, p), runIndex(x, p), n), x);
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {
        rows.eachRun(
                HostRows.CHEAP,
                (part, p, n) ->
                        loops.axpy((float) alpha, runWindow(x, p), runIndex(x, p), runWindow(y, p), runIndex(y, p), n),
                x,
                y);
    }

    /** One sum a part, added up in the order of parts: the result does not depend on who was first. */
    @Override
    public double sumOfSquares(Tensor x) {
        double[] sums = new double[workers.maxParts()];
        rows.eachRun(
                HostRows.CHEAP,
                (part, p, n) -> sums[part] += loops.sumOfSquares(runWindow(x, p), runIndex(x, p), n),
                x);
        double sum = 0;
        for (double partial : sums) {
            sum += partial;
        }
        return sum;
    }
}
