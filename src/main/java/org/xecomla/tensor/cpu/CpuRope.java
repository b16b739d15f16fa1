package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import java.nio.ByteBuffer;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Rope;
import org.xecomla.tensor.Tensor;

/** {@link Rope} row by row. */
final class CpuRope implements Rope {
    private final HostRows rows;
    private final RowMath math;

    CpuRope(HostRows rows, RowMath math) {
        this.rows = rows;
        this.math = math;
    }

    @Override
    public void forward(HeadView x, Tensor cos, Tensor sin, int[] positions) {
        rotate(x, cos, sin, positions, false);
    }

    @Override
    public void backward(HeadView dX, Tensor cos, Tensor sin, int[] positions) {
        // forward was: (x1, x2) = (x1 cos - x2 sin, x2 cos + x1 sin)
        rotate(dX, cos, sin, positions, true);
    }

    private void rotate(HeadView x, Tensor cos, Tensor sin, int[] positions, boolean inverse) {
        int half = x.width() / 2;
        int numHeads = x.headStride() == 0 ? 1 : x.numHeads();
        HostRows.require(
                cos.cols() == half
                        && sin.cols() == half
                        && x.width() % 2 == 0
                        && positions.length == x.tensor().rows(),
                "rope",
                x,
                cos,
                sin);
        HostRows.requireIds(positions, 0, Math.min(cos.rows(), sin.rows()));
        rows.eachRow(x.tensor().rows(), numHeads * half, HostRows.DEAR, r -> {
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
}
