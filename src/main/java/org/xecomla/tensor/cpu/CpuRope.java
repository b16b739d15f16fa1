package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;
import static org.xecomla.tensor.cpu.Vectors.STEP;
import static org.xecomla.tensor.cpu.Vectors.load;
import static org.xecomla.tensor.cpu.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Rope;
import org.xecomla.tensor.Tensor;

/** {@link Rope} row by row. */
final class CpuRope implements Rope {
    private final HostRows rows;
    private final Lanes lanes;

    CpuRope(HostRows rows, Lanes lanes) {
        this.rows = rows;
        this.lanes = lanes;
    }

    @Override
    public void forward(HeadView x, Tensor cos, Tensor sin, Indices positions) {
        rotate(1, x, cos, sin, positions);
    }

    @Override
    public void backward(HeadView dX, Tensor cos, Tensor sin, Indices positions) {
        // forward was: (x1, x2) = (x1 cos - x2 sin, x2 cos + x1 sin)
        rotate(-1, dX, cos, sin, positions);
    }

    /** @param sign of the angles */
    private void rotate(float sign, HeadView x, Tensor cos, Tensor sin, Indices positions) {
        int half = x.width() / 2;
        int numHeads = x.headStride() == 0 ? 1 : x.numHeads();
        HostRows.require(
                cos.cols() == half
                        && sin.cols() == half
                        && x.width() % 2 == 0
                        && positions.length() == x.tensor().rows(),
                "rope",
                x,
                cos,
                sin);
        positions.requireRowsOf(Math.min(cos.rows(), sin.rows()));
        rows.eachRow(x.tensor().rows(), numHeads * half, HostRows.DEAR, r -> {
            int position = positions.get(r);
            ByteBuffer row = window(x.tensor(), r);
            ByteBuffer c = window(cos, position);
            ByteBuffer s = window(sin, position);
            for (int h = 0; h < numHeads; h++) {
                int first = index(x.tensor(), r) + (h * x.headStride() + x.offset()) * Float.BYTES;
                int second = first + half * Float.BYTES;
                rotate(sign, row, first, second, c, index(cos, position), s, index(sin, position), half);
            }
        });
    }

    /** first = first cos - sign second sin and second = second cos + sign first sin. */
    private void rotate(
            float sign,
            ByteBuffer x,
            int firstAt,
            int secondAt,
            ByteBuffer cos,
            int cosAt,
            ByteBuffer sin,
            int sinAt,
            int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.rotate(sign, x, firstAt, secondAt, cos, cosAt, sin, sinAt, i);
        }
        for (; i < 4 * n; i += 4) {
            float first = x.getFloat(firstAt + i);
            float second = x.getFloat(secondAt + i);
            float c = cos.getFloat(cosAt + i);
            float s = sign * sin.getFloat(sinAt + i);
            x.putFloat(firstAt + i, first * c - second * s);
            x.putFloat(secondAt + i, second * c + first * s);
        }
    }

    /** The first {@code end} bytes, which fill whole vectors. */
    private static final class InVectors {
        static void rotate(
                float sign,
                ByteBuffer x,
                int firstAt,
                int secondAt,
                ByteBuffer cos,
                int cosAt,
                ByteBuffer sin,
                int sinAt,
                int end) {
            for (int i = 0; i < end; i += STEP) {
                FloatVector first = load(x, firstAt + i);
                FloatVector second = load(x, secondAt + i);
                FloatVector c = load(cos, cosAt + i);
                FloatVector s = load(sin, sinAt + i).mul(sign);
                store(first.mul(c).sub(second.mul(s)), x, firstAt + i);
                store(second.mul(c).add(first.mul(s)), x, secondAt + i);
            }
        }
    }
}
