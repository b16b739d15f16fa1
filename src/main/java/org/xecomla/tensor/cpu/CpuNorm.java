package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;
import static org.xecomla.tensor.cpu.Vectors.STEP;
import static org.xecomla.tensor.cpu.Vectors.load;
import static org.xecomla.tensor.cpu.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.host.HostScratch;
import org.xecomla.tensor.host.Workers;

/** {@link Norm} row by row. */
public final class CpuNorm implements Norm {
    private final Workers workers;
    private final HostRows rows;
    private final RowLoops loops;
    private final Lanes lanes;
    private final HostScratch scratch;

    CpuNorm(Workers workers, HostRows rows, RowLoops loops, Lanes lanes, HostScratch scratch) {
        this.workers = workers;
        this.rows = rows;
        this.loops = loops;
        this.lanes = lanes;
        this.scratch = scratch;
    }

    @Override
    public void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        int n = x.cols();
        HostRows.require(
                gain.cols() == n && y.cols() == n && y.rows() == x.rows() && inverseRms.rows() == x.rows(),
                "RMSNorm",
                x,
                gain,
                y,
                inverseRms);
        rows.eachRow(x.rows(), n, HostRows.DEAR, r -> {
            double square = loops.sumOfSquares(window(x, r), index(x, r), n);
            float inverse = (float) (1 / Math.sqrt(square / n + epsilon));
            inverseRms.set(r, 0, inverse);
            scaleByGain(
                    inverse, window(x, r), index(x, r), window(gain, 0), index(gain, 0), window(y, r), index(y, r), n);
        });
    }

    @Override
    public void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        int n = x.cols();
        HostRows.require(
                gain.cols() == n && dY.cols() == n && dY.rows() == x.rows() && dX.cols() == n && dX.rows() == x.rows(),
                "backward of RMSNorm",
                dY,
                x,
                gain,
                dX);
        rows.eachRow(x.rows(), n, HostRows.DEAR, r -> {
            float inverse = (float) inverseRms.get(r, 0);
            // forward was: y = inverse * x * gain, inverse = (mean(x^2) + epsilon)^(-1/2)
            float dot =
                    dot3(window(dY, r), index(dY, r), window(gain, 0), index(gain, 0), window(x, r), index(x, r), n);
            addProduct(
                    inverse,
                    window(dY, r),
                    index(dY, r),
                    window(gain, 0),
                    index(gain, 0),
                    window(dX, r),
                    index(dX, r),
                    n);
            float throughRms = -dot * inverse * inverse * inverse / n;
            loops.axpy(throughRms, window(x, r), index(x, r), window(dX, r), index(dX, r), n);
        });
        if (dGain != null) {
            gainGradient(dY, x, inverseRms, dGain);
        }
    }

    /** A sum over rows: every part makes its own, and they are added in the order of parts. */
    private void gainGradient(Tensor dY, Tensor x, Tensor inverseRms, Tensor dGain) {
        int n = x.cols();
        int numParts = workers.numParts(x.rows(), HostRows.rowsPerGrain(n, HostRows.DEAR));
        scratch.reserve(scratchOfBackward(workers.maxParts(), n));
        Tensor sums = scratch.matrix(0, 0, numParts, n); // (parts, D)
        workers.split(x.rows(), HostRows.rowsPerGrain(n, HostRows.DEAR), (part, from, to) -> {
            ByteBuffer sum = window(sums, part);
            int sumAt = index(sums, part);
            loops.fill(0, sum, sumAt, n);
            for (int r = (int) from; r < to; r++) {
                float inverse = (float) inverseRms.get(r, 0);
                addProduct(inverse, window(dY, r), index(dY, r), window(x, r), index(x, r), sum, sumAt, n);
            }
        });
        for (int part = 0; part < numParts; part++) {
            loops.axpy(1, window(sums, part), index(sums, part), window(dGain, 0), index(dGain, 0), n);
        }
    }

    /** Elements of a thread's scratch that {@link #backward} of {@code n} columns needs. */
    public static long scratchOfBackward(int maxParts, int n) {
        return (long) maxParts * n;
    }

    /** y = factor * x * gain. */
    private void scaleByGain(
            float factor, ByteBuffer x, int xAt, ByteBuffer gain, int gainAt, ByteBuffer y, int yAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.scaleByGain(factor, x, xAt, gain, gainAt, y, yAt, i);
        }
        for (; i < 4 * n; i += 4) {
            y.putFloat(yAt + i, x.getFloat(xAt + i) * factor * gain.getFloat(gainAt + i));
        }
    }

    /** The sum of a * b * c. */
    private float dot3(ByteBuffer a, int aAt, ByteBuffer b, int bAt, ByteBuffer c, int cAt, int n) {
        int i = lanes.wide(n);
        float sum = i > 0 ? InVectors.dot3(a, aAt, b, bAt, c, cAt, i) : 0;
        for (; i < 4 * n; i += 4) {
            sum = Math.fma(a.getFloat(aAt + i) * b.getFloat(bAt + i), c.getFloat(cAt + i), sum);
        }
        return sum;
    }

    /** z += factor * x * y. */
    private void addProduct(float factor, ByteBuffer x, int xAt, ByteBuffer y, int yAt, ByteBuffer z, int zAt, int n) {
        int i = lanes.wide(n);
        if (i > 0) {
            InVectors.addProduct(factor, x, xAt, y, yAt, z, zAt, i);
        }
        for (; i < 4 * n; i += 4) {
            z.putFloat(zAt + i, Math.fma(x.getFloat(xAt + i) * factor, y.getFloat(yAt + i), z.getFloat(zAt + i)));
        }
    }

    /** The first {@code end} bytes, which fill whole vectors. */
    private static final class InVectors {
        static void scaleByGain(
                float factor, ByteBuffer x, int xAt, ByteBuffer gain, int gainAt, ByteBuffer y, int yAt, int end) {
            for (int i = 0; i < end; i += STEP) {
                store(load(x, xAt + i).mul(factor).mul(load(gain, gainAt + i)), y, yAt + i);
            }
        }

        static float dot3(ByteBuffer a, int aAt, ByteBuffer b, int bAt, ByteBuffer c, int cAt, int end) {
            FloatVector sums = FloatVector.zero(Vectors.FLOATS);
            for (int i = 0; i < end; i += STEP) {
                sums = load(a, aAt + i).mul(load(b, bAt + i)).fma(load(c, cAt + i), sums);
            }
            return sums.reduceLanes(VectorOperators.ADD);
        }

        static void addProduct(
                float factor, ByteBuffer x, int xAt, ByteBuffer y, int yAt, ByteBuffer z, int zAt, int end) {
            for (int i = 0; i < end; i += STEP) {
                store(load(x, xAt + i).mul(factor).fma(load(y, yAt + i), load(z, zAt + i)), z, zAt + i);
            }
        }
    }
}
