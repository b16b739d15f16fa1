package org.xecomla.tensor.cpu.bf16;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.dnnl.global.dnnl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.tensor.Gemm;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.host.HostScratch;
import org.xecomla.tensor.host.Workers;
import org.xecomla.tensor.memory.HostStorage;

/**
 * Matrix products by oneDNN with operands rounded to bfloat16 (to nearest, ties to even), sums and results in fp32:
 * about twice the rate of {@code CpuGemm} on processors that have the instructions. What is left out of the rounding is
 * what training in bfloat16 needs: master weights, gradients and moments stay fp32.
 *
 * <p>Both operands are rounded at every call: 6 bytes are moved for an element that is multiplied some hundred times,
 * which costs less than a twentieth of the product, and nothing can go stale. Both steps run on our own threads, as
 * many parts as threads, since oneDNN packs the second operand for each part.
 */
public final class Bf16Gemm implements AutoCloseable {
    private static final int UNIT = 32; // rows or columns of C: parts are cut between whole register tiles

    private final Workers workers;
    private final HostScratch operands = new HostScratch(1); // two bfloat16 in the place of a float
    private final OneDnn oneDnn;
    private final Bf16Shapes shapes = new Bf16Shapes();
    private final Map<Rounding, OneDnn.Operation> roundings = new ConcurrentHashMap<>();
    private final Map<Product, OneDnn.Operation> products = new ConcurrentHashMap<>();

    /**
     * A matrix in bfloat16.
     *
     * @param address of its first element
     * @param stride from row to row, in elements
     */
    public record Rounded(int rows, int cols, long address, int stride) {
        /** The elements of {@code part}, a view of {@code whole}, whose copy without gaps this is. */
        public Rounded part(Tensor whole, Tensor part) {
            long skipped = part.offset() - whole.offset();
            long at = skipped / whole.stride() * stride + skipped % whole.stride();
            return new Rounded(part.rows(), part.cols(), address + at * Short.BYTES, stride);
        }

        Rounded rows(int from, int to) {
            return new Rounded(to - from, cols, address + (long) from * stride * Short.BYTES, stride);
        }

        Rounded cols(int from, int to) {
            return new Rounded(rows, to - from, address + (long) from * Short.BYTES, stride);
        }
    }

    /** A matrix (rows, cols) of float with {@code stride} to one of bfloat16 without gaps. */
    private record Rounding(int rows, int cols, int stride) {}

    /** C (m, n) = op(A) op(B), or C += it, with k terms and the strides of the operands as they lie in memory. */
    private record Product(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            int strideA,
            int strideB,
            int strideC,
            boolean adding) {}

    private Bf16Gemm(Workers workers) {
        this.workers = workers;
        this.oneDnn = new OneDnn(workers.numThreads());
    }

    /** Products on {@code workers}; null where the processor lacks the instructions, which is said in the log. */
    public static Bf16Gemm ifSupported(Workers workers) {
        Logger log = LoggerFactory.getLogger(Bf16Gemm.class);
        try {
            int instructions = dnnl.dnnl_get_effective_cpu_isa();
            if ((instructions & dnnl.dnnl_cpu_isa_avx512_core_bf16) == dnnl.dnnl_cpu_isa_avx512_core_bf16) {
                return new Bf16Gemm(workers);
            }
            log.warn("compute.precision = bf16: this processor has no bfloat16 instructions (avx512_core_bf16), so that"
                    + " products are computed in fp32");
        } catch (LinkageError e) {
            log.warn(
                    "compute.precision = bf16: oneDNN cannot be loaded ({}), so that products are computed in fp32",
                    e.getMessage());
        }
        return null;
    }

    /** What is computed here. */
    public Bf16Shapes shapes() {
        return shapes;
    }

    /** Elements of float that hold the copies of {@code originals}. */
    public static long scratchOf(Tensor... originals) {
        return Arrays.stream(originals).mapToLong(t -> halves(t.length())).sum();
    }

    /** Floats in the place of {@code numElements} bfloat16: whole cache lines, so that the next copy begins at one. */
    public static long halves(long numElements) {
        return (numElements / 2 + 16) / 16 * 16;
    }

    /** {@link Gemm#multiply} of a product that {@link #shapes} admit. */
    public void multiply(boolean transposeA, boolean transposeB, Tensor a, Tensor b, double beta, Tensor c) {
        Rounded[] rounded = round(a, b);
        multiply(transposeA, transposeB, rounded[0], rounded[1], beta == 1, c);
    }

    /** Copies without gaps, which live until the next call. */
    public Rounded[] round(Tensor... originals) {
        operands.reserve(scratchOf(originals));
        Rounded[] copies = new Rounded[originals.length];
        long start = 0;
        for (int i = 0; i < copies.length; i++) {
            Tensor x = originals[i];
            long address = HostStorage.of(operands.matrix(0, start, 1, 1)).address(start);
            copies[i] = new Rounded(x.rows(), x.cols(), address, x.cols());
            round(x, copies[i]);
            start += halves(x.length());
        }
        return copies;
    }

    private void round(Tensor x, Rounded copy) {
        int numParts = Math.min(workers.numThreads(), x.rows());
        workers.run(numParts, (part, worker) -> {
            int from = bound(x.rows(), part, numParts);
            int to = bound(x.rows(), part + 1, numParts);
            onThisThread(worker, x.rows(from, to), copy.rows(from, to));
        });
    }

    /** Rounds {@code x} to {@code copy}, which has no gaps. */
    public void onThisThread(int worker, Tensor x, Rounded copy) {
        roundings
                .computeIfAbsent(
                        new Rounding(x.rows(), x.cols(), x.stride()), r -> oneDnn.rounding(r.rows, r.cols, r.stride))
                .run(worker, HostStorage.of(x).address(x.offset()), 0, copy.address);
    }

    private static int bound(int total, int part, int numParts) {
        return (int) ((long) total * part / numParts);
    }

    private void multiply(boolean transposeA, boolean transposeB, Rounded a, Rounded b, boolean adding, Tensor c) {
        boolean byRows = c.rows() >= c.cols();
        int side = byRows ? c.rows() : c.cols();
        int numUnits = (side + UNIT - 1) / UNIT;
        int numParts = Math.min(workers.numThreads(), numUnits);
        workers.run(numParts, (part, worker) -> {
            int from = bound(numUnits, part, numParts) * UNIT;
            int to = Math.min(side, bound(numUnits, part + 1, numParts) * UNIT);
            if (byRows) {
                Rounded rowsOfA = transposeA ? a.cols(from, to) : a.rows(from, to);
                onThisThread(worker, transposeA, transposeB, rowsOfA, b, adding, c.rows(from, to));
            } else {
                Rounded colsOfB = transposeB ? b.rows(from, to) : b.cols(from, to);
                onThisThread(worker, transposeA, transposeB, a, colsOfB, adding, c.cols(from, to));
            }
        });
    }

    /** C = op(A) op(B), or C += it, without a split. */
    public void onThisThread(
            int worker, boolean transposeA, boolean transposeB, Rounded a, Rounded b, boolean adding, Tensor c) {
        int k = transposeA ? a.rows : a.cols;
        Product product =
                new Product(transposeA, transposeB, c.rows(), c.cols(), k, a.stride, b.stride, c.stride(), adding);
        products.computeIfAbsent(product, this::operation)
                .run(worker, a.address, b.address, HostStorage.of(c).address(c.offset()));
    }

    private OneDnn.Operation operation(Product p) {
        long[] stridesOfA = p.transposeA ? new long[] {1, p.strideA} : new long[] {p.strideA, 1};
        long[] stridesOfB = p.transposeB ? new long[] {1, p.strideB} : new long[] {p.strideB, 1};
        return oneDnn.product(p.m, p.n, p.k, stridesOfA, stridesOfB, p.strideC, p.adding);
    }

    @Override
    public void close() {
        oneDnn.close();
        operands.close();
    }
}
