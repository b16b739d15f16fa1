package org.xecomla.tensor.cpu;

import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.xecomla.tensor.Gemm;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.bf16.Bf16Gemm;
import org.xecomla.tensor.host.Workers;
import org.xecomla.tensor.memory.HostStorage;

/**
 * Matrix products by OpenBLAS's {@code cblas_sgemm} on the tensors' own memory. OpenBLAS computes on the thread that
 * calls it: its own threads collapse when something else uses the cores, and products inside attention are too small
 * for them.
 */
final class CpuGemm implements Gemm {
    private static final int UNIT = 32; // rows or columns of C: parts are cut between whole register tiles
    private static final long GRAIN = 1_000_000; // multiply-adds that outweigh waking a helper

    private final Workers workers;
    private final Bf16Gemm rounding; // null: fp32

    /** @param rounding for large products; null: fp32 */
    CpuGemm(Workers workers, Bf16Gemm rounding) {
        this.workers = workers;
        this.rounding = rounding;
        openblas_nolapack.blas_set_num_threads(1); // whatever the environment asks for
    }

    @Override
    public void multiply(
            boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        requireFit(transposeA, transposeB, a, b, c);
        if (rounding != null && rounding.shapes().admits(transposeA, transposeB, alpha, a, beta, c)) {
            rounding.multiply(transposeA, transposeB, a, b, beta, c);
        } else {
            split(transposeA, transposeB, alpha, a, b, beta, c);
        }
    }

    /** A part of C for each thread, cut along its longer side. */
    private void split(
            boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        boolean byRows = c.rows() >= c.cols();
        int side = byRows ? c.rows() : c.cols();
        int numUnits = (side + UNIT - 1) / UNIT;
        long workPerUnit = c.length() * inner(transposeA, a) / Math.max(1, numUnits);
        workers.split(numUnits, GRAIN / Math.max(1, workPerUnit) + 1, (part, firstUnit, endUnit) -> {
            int from = (int) firstUnit * UNIT;
            int to = (int) Math.min(side, endUnit * UNIT);
            if (byRows) {
                Tensor rowsOfA = transposeA ? a.cols(from, to) : a.rows(from, to);
                onThisThread(transposeA, transposeB, alpha, rowsOfA, b, beta, c.rows(from, to));
            } else {
                Tensor colsOfB = transposeB ? b.rows(from, to) : b.cols(from, to);
                onThisThread(transposeA, transposeB, alpha, a, colsOfB, beta, c.cols(from, to));
            }
        });
    }

    /** The same without a split: for callers that are parts themselves. */
    static void onThisThread(
            boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        if (c.length() == 0) {
            return;
        }
        openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                transposeA ? openblas.CblasTrans : openblas.CblasNoTrans,
                transposeB ? openblas.CblasTrans : openblas.CblasNoTrans,
                c.rows(),
                c.cols(),
                inner(transposeA, a),
                (float) alpha,
                HostStorage.of(a).floats(a.offset()),
                Math.max(1, a.stride()),
                HostStorage.of(b).floats(b.offset()),
                Math.max(1, b.stride()),
                (float) beta,
                HostStorage.of(c).floats(c.offset()),
                c.stride());
    }

    private static int inner(boolean transposeA, Tensor a) {
        return transposeA ? a.rows() : a.cols();
    }

    /** Native code would read beyond a matrix that does not fit. */
    private static void requireFit(boolean transposeA, boolean transposeB, Tensor a, Tensor b, Tensor c) {
        int rows = transposeA ? a.cols() : a.rows();
        int innerOfB = transposeB ? b.cols() : b.rows();
        int cols = transposeB ? b.rows() : b.cols();
        if (rows != c.rows() || cols != c.cols() || inner(transposeA, a) != innerOfB) {
            throw new IllegalArgumentException("no product " + a + (transposeA ? " transposed" : "") + " times " + b
                    + (transposeB ? " transposed" : "") + " into " + c);
        }
    }
}
