package org.xecomla.tensor;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.global.dnnl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Matrix products by oneDNN with operands rounded to bfloat16 (to nearest, ties to even), sums and results in fp32: about
 * twice the rate of {@link CpuGemm} on processors that have the instructions. What is left out of the rounding is what
 * training in bfloat16 needs: master weights, gradients and moments stay fp32.
 *
 * <p>Both operands are rounded at every call: 6 bytes are moved for an element that is multiplied some hundred times, which
 * costs less than a twentieth of the product, and nothing can go stale. Both steps run on our own threads, as many parts
 * as threads, since oneDNN packs the second operand for each part.
 */
final class Bf16Gemm implements AutoCloseable {
    private static final int UNIT = 32; // rows or columns of C: parts are cut between whole register tiles
    private static final int LEAST_USES = 24; // multiplications of an element that outweigh rounding it

    private final Workers workers;
    private final HostScratch operands = new HostScratch(1); // two bfloat16 in the place of a float
    private final OneDnn oneDnn;
    private final Map<Rounding, OneDnn.Operation> roundings = new HashMap<>();
    private final Map<Product, OneDnn.Operation> products = new HashMap<>();

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
    static Bf16Gemm ifSupported(Workers workers) {
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

    /** Whether a product is large enough, and of a kind that is computed here: alpha 1, beta 0 or 1. */
    static boolean takes(boolean transposeA, double alpha, Tensor a, double beta, Tensor c) {
        long k = transposeA ? a.rows() : a.cols();
        long rounded = (c.rows() + c.cols()) * k;
        return alpha == 1 && (beta == 0 || beta == 1) && c.length() * k >= LEAST_USES * rounded;
    }

    /** Elements of float that hold the operands of {@link #gemm}, rounded. */
    static long scratchOf(Tensor a, Tensor b) {
        return halves(a) + halves(b);
    }

    /** {@link Kernels#gemm} of a product that this class {@link #takes}. */
    void gemm(boolean transposeA, boolean transposeB, Tensor a, Tensor b, double beta, Tensor c) {
        operands.reserve(scratchOf(a, b));
        long roundedA = operands.matrix(0, 0, 1, 1).storage().address(0);
        long roundedB = roundedA + halves(a) * Float.BYTES;
        round(a, roundedA);
        round(b, roundedB);
        multiply(transposeA, transposeB, a, roundedA, b, roundedB, beta == 1, c);
    }

    /** Whole cache lines, so that the second operand begins at one. */
    private static long halves(Tensor t) {
        return (t.length() / 2 + 16) / 16 * 16;
    }

    private void round(Tensor x, long target) {
        int numParts = Math.min(workers.numThreads(), x.rows());
        OneDnn.Operation[] operations = new OneDnn.Operation[numParts];
        for (int part = 0; part < numParts; part++) {
            int rows = bound(x.rows(), part + 1, numParts) - bound(x.rows(), part, numParts);
            Rounding rounding = new Rounding(rows, x.cols(), x.stride());
            operations[part] = roundings.computeIfAbsent(rounding, r -> oneDnn.rounding(r.rows, r.cols, r.stride));
        }
        workers.run(numParts, (part, worker) -> {
            long row = bound(x.rows(), part, numParts);
            operations[part].run(
                    worker,
                    x.storage().address(x.offset() + row * x.stride()),
                    0,
                    target + row * x.cols() * Short.BYTES);
        });
    }

    private static int bound(int total, int part, int numParts) {
        return (int) ((long) total * part / numParts);
    }

    private void multiply(
            boolean transposeA,
            boolean transposeB,
            Tensor a,
            long roundedA,
            Tensor b,
            long roundedB,
            boolean adding,
            Tensor c) {
        boolean byRows = c.rows() >= c.cols();
        int side = byRows ? c.rows() : c.cols();
        int numUnits = (side + UNIT - 1) / UNIT;
        int numParts = Math.min(workers.numThreads(), numUnits);
        int k = transposeA ? a.rows() : a.cols();
        OneDnn.Operation[] operations = new OneDnn.Operation[numParts];
        for (int part = 0; part < numParts; part++) {
            int length = end(side, numUnits, part, numParts) - bound(numUnits, part, numParts) * UNIT;
            int m = byRows ? length : c.rows();
            int n = byRows ? c.cols() : length;
            Product product = new Product(transposeA, transposeB, m, n, k, a.cols(), b.cols(), c.stride(), adding);
            operations[part] = products.computeIfAbsent(product, this::operation);
        }
        oneDnn.reserve(operations);
        workers.run(numParts, (part, worker) -> {
            long from = (long) bound(numUnits, part, numParts) * UNIT;
            long skippedOfA = byRows ? from * (transposeA ? 1 : a.cols()) : 0;
            long skippedOfB = byRows ? 0 : from * (transposeB ? b.cols() : 1);
            long skippedOfC = byRows ? from * c.stride() : from;
            operations[part].run(
                    worker,
                    roundedA + skippedOfA * Short.BYTES,
                    roundedB + skippedOfB * Short.BYTES,
                    c.storage().address(c.offset() + skippedOfC));
        });
    }

    private static int end(int side, int numUnits, int part, int numParts) {
        return Math.min(side, bound(numUnits, part + 1, numParts) * UNIT);
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
