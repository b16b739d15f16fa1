package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import java.nio.ByteBuffer;
import org.xecomla.tensor.Norm;
import org.xecomla.tensor.Tensor;

/** {@link Norm} row by row. */
public final class CpuNorm implements Norm {
    private final Workers workers;
    private final HostRows rows;
    private final RowMath math;
    private final HostScratch scratch;

    CpuNorm(Workers workers, HostRows rows, RowMath math, HostScratch scratch) {
        this.workers = workers;
        this.rows = rows;
        this.math = math;
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
            double square = math.sumOfSquares(window(x, r), index(x, r), n);
            float inverse = (float) (1 / Math.sqrt(square / n + epsilon));
            inverseRms.set(r, 0, inverse);
            math.scaleByGain(
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
        int numParts = workers.numParts(x.rows(), HostRows.rowsPerGrain(n, HostRows.DEAR));
        scratch.reserve(scratchOfBackward(workers.maxParts(), n));
        Tensor sums = scratch.matrix(0, 0, numParts, n); // (parts, D)
        workers.split(x.rows(), HostRows.rowsPerGrain(n, HostRows.DEAR), (part, from, to) -> {
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

    /** Elements of a thread's scratch that {@link #backward} of {@code n} columns needs. */
    public static long scratchOfBackward(int maxParts, int n) {
        return (long) maxParts * n;
    }
}
