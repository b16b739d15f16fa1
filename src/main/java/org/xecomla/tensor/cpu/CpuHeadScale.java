package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import java.nio.ByteBuffer;
import org.xecomla.tensor.HeadScale;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Tensor;

/** {@link HeadScale} row by row. */
final class CpuHeadScale implements HeadScale {
    private final HostRows rows;
    private final RowLoops loops;

    CpuHeadScale(HostRows rows, RowLoops loops) {
        this.rows = rows;
        this.loops = loops;
    }

    @Override
    public void inverseRms(HeadView x, double epsilon, Tensor s) {
        require(x, x, s);
        int heads = x.numHeads() / s.cols();
        eachGroup(x, s, (r, g) -> {
            double square = 0;
            for (int h = g * heads; h < (g + 1) * heads; h++) {
                square += loops.sumOfSquares(window(x.tensor(), r), at(x, r, h), x.width());
            }
            s.set(r, g, 1 / Math.sqrt(square / ((double) heads * x.width()) + epsilon));
        });
    }

    @Override
    public void inverseRmsBackward(Tensor dS, HeadView x, Tensor s, HeadView dX) {
        require(x, dX, s);
        int heads = x.numHeads() / s.cols();
        eachGroup(x, s, (r, g) -> {
            double inverse = s.get(r, g);
            // forward was: s = (mean(x^2) + epsilon)^(-1/2)
            float factor = (float) (-dS.get(r, g) * inverse * inverse * inverse / ((double) heads * x.width()));
            for (int h = g * heads; h < (g + 1) * heads; h++) {
                ByteBuffer to = window(dX.tensor(), r);
                loops.axpy(factor, window(x.tensor(), r), at(x, r, h), to, at(dX, r, h), x.width());
            }
        });
    }

    @Override
    public void scale(HeadView x, Tensor s) {
        require(x, x, s);
        int heads = x.numHeads() / s.cols();
        eachGroup(x, s, (r, g) -> {
            float factor = (float) s.get(r, g);
            for (int h = g * heads; h < (g + 1) * heads; h++) {
                loops.scale(factor, window(x.tensor(), r), at(x, r, h), x.width());
            }
        });
    }

    @Override
    public void scaleBackward(HeadView dY, HeadView y, Tensor s, Tensor dS) {
        require(dY, y, s);
        int heads = y.numHeads() / s.cols();
        eachGroup(y, s, (r, g) -> {
            float factor = (float) s.get(r, g);
            ByteBuffer gradient = window(dY.tensor(), r);
            double dot = 0;
            for (int h = g * heads; h < (g + 1) * heads; h++) {
                dot += loops.dot(gradient, at(dY, r, h), window(y.tensor(), r), at(y, r, h), y.width());
                // forward was: y = s x
                loops.scale(factor, gradient, at(dY, r, h), y.width());
            }
            dS.set(r, g, dot / factor);
        });
    }

    @Override
    public void scaleScores(Tensor scores, Tensor s) {
        HostRows.require(
                scores.cols() == s.rows() && scores.rows() % s.cols() == 0, "scores and numbers of keys", scores, s);
        int heads = scores.rows() / s.cols();
        rows.eachRow(scores.rows(), scores.cols(), HostRows.DEAR, h -> {
            for (int n = 0; n < scores.cols(); n++) {
                scores.set(h, n, scores.get(h, n) * s.get(n, h / heads));
            }
        });
    }

    /** Handles one group of a row. */
    private interface Group {
        void accept(int row, int group);
    }

    private void eachGroup(HeadView x, Tensor s, Group group) {
        rows.eachRow(x.tensor().rows(), x.numHeads() * x.width(), HostRows.DEAR, r -> {
            for (int g = 0; g < s.cols(); g++) {
                group.accept(r, g);
            }
        });
    }

    private static int at(HeadView x, int row, int head) {
        return index(x.tensor(), row) + (head * x.headStride() + x.offset()) * Float.BYTES;
    }

    private static void require(HeadView x, HeadView other, Tensor s) {
        HostRows.require(
                x.numHeads() == other.numHeads()
                        && x.width() == other.width()
                        && x.tensor().rows() == s.rows()
                        && other.tensor().rows() == s.rows()
                        && x.numHeads() % s.cols() == 0,
                "numbers of heads",
                x,
                other,
                s);
    }
}
