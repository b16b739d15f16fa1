package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import java.nio.ByteBuffer;
import org.xecomla.tensor.HeadCopy;
import org.xecomla.tensor.HeadView;

/** {@link HeadCopy} row by row. */
final class CpuHeadCopy implements HeadCopy {
    private final HostRows rows;
    private final RowLoops loops;

    CpuHeadCopy(HostRows rows, RowLoops loops) {
        this.rows = rows;
        this.loops = loops;
    }

    @Override
    public void copy(HeadView source, HeadView target) {
        requireHeads(source, target);
        eachHead(source, target, loops::copy);
    }

    @Override
    public void add(HeadView source, HeadView target) {
        requireHeads(source, target);
        eachHead(source, target, (x, xAt, y, yAt, n) -> loops.axpy(1, x, xAt, y, yAt, n));
    }

    /** Combines one head's columns of one row. */
    private interface HeadOperation {
        void accept(ByteBuffer x, int xAt, ByteBuffer y, int yAt, int n);
    }

    private void eachHead(HeadView source, HeadView target, HeadOperation operation) {
        int width = source.width();
        rows.eachRow(source.tensor().rows(), source.numHeads() * width, HostRows.DEAR, r -> {
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
        HostRows.require(
                source.numHeads() == target.numHeads()
                        && source.width() == target.width()
                        && source.tensor().rows() == target.tensor().rows(),
                "copy or sum of heads",
                source,
                target);
    }
}
