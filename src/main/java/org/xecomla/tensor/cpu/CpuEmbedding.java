package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import org.xecomla.tensor.Embedding;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.host.Workers;

/** {@link Embedding}: copies and sums of rows. */
final class CpuEmbedding implements Embedding {
    private final Workers workers;
    private final HostRows rows;
    private final RowLoops loops;

    CpuEmbedding(Workers workers, HostRows rows, RowLoops loops) {
        this.workers = workers;
        this.rows = rows;
        this.loops = loops;
    }

    @Override
    public void gather(Tensor table, Indices ids, Tensor out) {
        int n = table.cols();
        HostRows.require(
                out.cols() == n && out.rows() == ids.length(),
                "rows of a table for " + ids.length() + " ids",
                table,
                out);
        ids.requireRowsOf(table.rows());
        rows.eachRow(
                ids.length(),
                n,
                HostRows.CHEAP,
                r -> loops.copy(window(table, ids.get(r)), index(table, ids.get(r)), window(out, r), index(out, r), n));
    }

    /** Split over columns, not rows: ids repeat, and every sum must come in the order of rows. */
    @Override
    public void scatterAdd(Tensor dOut, Indices ids, Tensor dTable) {
        HostRows.require(dOut.cols() == dTable.cols() && dOut.rows() == ids.length(), "sums of rows", dOut, dTable);
        ids.requireRowsOf(dTable.rows());
        workers.split(dOut.cols(), HostRows.rowsPerGrain(ids.length(), HostRows.CHEAP), (part, from, to) -> {
            int start = (int) from * Float.BYTES;
            int n = (int) (to - from);
            for (int r = 0; r < ids.length(); r++) {
                loops.axpy(
                        1,
                        window(dOut, r),
                        index(dOut, r) + start,
                        window(dTable, ids.get(r)),
                        index(dTable, ids.get(r)) + start,
                        n);
            }
        });
    }
}
