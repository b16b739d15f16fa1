package org.xecomla.tensor.cpu.bf16;

import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Which products are computed in bfloat16. oneDNN compiles code for every shape, some 1.5 MB of it, so that batches of
 * ever new lengths would fill the memory: once {@value #MOST_PRODUCTS} products are known, new shapes are left to fp32.
 *
 * <p>The same calls in the same order are answered alike, so that {@code SizingKernels} can tell the memory beforehand.
 */
public final class Bf16Shapes {
    /** Different numbers of keys that the tiles of one shape of attention may see: each costs compiled code. */
    public static final int MOST_WIDTHS = 8;

    private static final int MOST_PRODUCTS = 384;
    private static final long BYTES_OF_PRODUCT = 3L << 19; // measured: 1.5 MiB of compiled code and tables
    private static final int LEAST_USES = 24; // multiplications of an element that outweigh rounding it
    private static final int LEAST_LENGTH = 128; // tokens: shorter sequences do not fill the tiles of attention
    private static final int FORWARD_PRODUCTS = 2;
    private static final int BACKWARD_PRODUCTS = 5;

    private record Gemm(boolean transposeA, boolean transposeB, int m, int n, int k, int strideOfC, boolean adding) {}

    private record Attention(
            int numSequences, int length, int width, int valueWidth, int strideOfK, boolean backward) {}

    private final Set<Object> known = new HashSet<>();
    private int numProducts;
    private boolean warned;

    /** Whether C = op(A) op(B) + beta C is of a kind that is computed here, large enough, and there is room for it. */
    public boolean admits(boolean transposeA, boolean transposeB, double alpha, Tensor a, double beta, Tensor c) {
        int k = transposeA ? a.rows() : a.cols();
        long rounded = ((long) c.rows() + c.cols()) * k;
        return alpha == 1
                && (beta == 0 || beta == 1)
                && c.length() * k >= LEAST_USES * rounded
                && admits(new Gemm(transposeA, transposeB, c.rows(), c.cols(), k, c.stride(), beta == 1), 1);
    }

    /** Whether the products of an attention are: those of whole sequences, long enough to fill its tiles. */
    public boolean admits(Sequences sequences, HeadView k, HeadView v, boolean backward) {
        return sequences.queryLength() == sequences.keyLength()
                && sequences.keyLength() >= LEAST_LENGTH
                && admits(
                        new Attention(
                                sequences.numSequences(),
                                sequences.keyLength(),
                                k.width(),
                                v.width(),
                                k.tensor().cols(),
                                backward),
                        MOST_WIDTHS * (backward ? BACKWARD_PRODUCTS : FORWARD_PRODUCTS));
    }

    private boolean admits(Object shape, int products) {
        if (known.contains(shape)) {
            return true;
        }
        if (numProducts + products > MOST_PRODUCTS) {
            if (!warned) {
                warned = true;
                Logger log = LoggerFactory.getLogger(Bf16Shapes.class);
                log.warn(
                        "compute.precision = bf16: products of more than {} shapes; further ones are computed in fp32"
                                + " (batches of one length need few)",
                        MOST_PRODUCTS);
            }
            return false;
        }
        known.add(shape);
        numProducts += products;
        return true;
    }

    /** Memory of the products that were admitted, about. */
    public long codeBytes() {
        return numProducts * BYTES_OF_PRODUCT;
    }
}
