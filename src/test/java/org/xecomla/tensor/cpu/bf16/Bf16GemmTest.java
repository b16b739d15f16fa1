package org.xecomla.tensor.cpu.bf16;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.host.Workers;

/**
 * Products in bfloat16. A bfloat16 has 8 bits of significand, so that rounding changes an operand by at most 2^-9 of
 * itself and a product of two by at most 2^-8: an element of C is off by at most 2^-8 of the sum of its terms' absolute
 * values, plus the rounding of fp32. That bound holds on processors without the instructions, too, which compute in
 * fp32.
 */
class Bf16GemmTest {
    private static final double BOUND = 1.01 / 256;

    private final Kernels kernels = new CpuKernels(2, ComputeConfig.Precision.BF16);
    private final Random random = new Random(5);

    @AfterEach
    void close() {
        kernels.close();
    }

    /** A window in a larger matrix, so that a write beside it would be seen. */
    private Tensor window(int rows, int cols) {
        Tensor whole = Tensors.zeros(ElementType.FLOAT, rows + 1, cols + 3);
        whole.write(random.doubles(whole.length(), -1, 1).toArray());
        return whole.rows(0, rows).cols(1, cols + 1);
    }

    private static float rounded(double x) {
        int bits = Float.floatToRawIntBits((float) x);
        return Float.intBitsToFloat((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
    }

    @ParameterizedTest
    @CsvSource({
        "false, false, 0, 97, 70, 65",
        "false, true, 0, 97, 70, 65",
        "true, false, 0, 97, 70, 65",
        "true, true, 0, 70, 97, 64",
        "false, true, 1, 64, 201, 96",
        "true, false, 1, 64, 201, 96"
    })
    void agreesWithTheLoopOverRoundedOperands(
            boolean transposeA, boolean transposeB, double beta, int m, int n, int k) {
        Tensor a = transposeA ? window(k, m) : window(m, k);
        Tensor b = transposeB ? window(n, k) : window(k, n);
        Tensor c = window(m, n);
        assertTrue(new Bf16Shapes().admits(transposeA, transposeB, 1, a, beta, c));
        double[] before = c.toDoubles();
        kernels.gemm().multiply(transposeA, transposeB, 1, a, b, beta, c);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double exact = beta * before[i * n + j];
                double ofRounded = exact;
                double size = Math.abs(exact);
                for (int l = 0; l < k; l++) {
                    double x = transposeA ? a.get(l, i) : a.get(i, l);
                    double y = transposeB ? b.get(j, l) : b.get(l, j);
                    exact += x * y;
                    ofRounded += (double) rounded(x) * rounded(y);
                    size += Math.abs(x * y);
                }
                assertEquals(exact, c.get(i, j), BOUND * size);
                if (bf16Here()) {
                    assertEquals(ofRounded, c.get(i, j), 1e-6 * size);
                }
            }
        }
    }

    private static boolean bf16Here() {
        try (Workers workers = new Workers(1);
                Bf16Gemm gemm = Bf16Gemm.ifSupported(workers)) {
            return gemm != null;
        }
    }

    /** The second call of a shape runs what the first has made, over other memory. */
    @Test
    void aShapeCanBeUsedAgain() {
        Tensor b = window(96, 80);
        for (int repeat = 0; repeat < 3; repeat++) {
            Tensor a = window(128, 96);
            Tensor c = window(128, 80);
            kernels.gemm().multiply(false, false, 1, a, b, 0, c);
            double exact = 0;
            double size = 0;
            for (int l = 0; l < 96; l++) {
                exact += a.get(127, l) * b.get(l, 79);
                size += Math.abs(a.get(127, l) * b.get(l, 79));
            }
            assertEquals(exact, c.get(127, 79), BOUND * size);
        }
    }

    @Test
    void smallAndScaledProductsAreLeftToFp32() {
        Tensor row = window(1, 512);
        assertFalse(new Bf16Shapes().admits(false, false, 1, row, 0, window(1, 512)));
        assertFalse(new Bf16Shapes().admits(false, false, 0.5, window(96, 96), 0, window(96, 96)));
        assertFalse(new Bf16Shapes().admits(false, false, 1, window(96, 96), 0.5, window(96, 96)));
    }

    @Test
    void newShapesAreLeftToFp32WhenManyAreKnown() {
        Bf16Shapes shapes = new Bf16Shapes();
        Tensor whole = Tensors.zeros(ElementType.FLOAT, 600, 96);
        int admitted = 0;
        for (int rows = 100; rows < 600; rows++) {
            admitted += shapes.admits(false, false, 1, whole.rows(0, rows), 0, whole.rows(0, rows)) ? 1 : 0;
        }
        assertTrue(admitted > 100 && admitted < 500, admitted + " shapes");
        assertTrue(shapes.admits(false, false, 1, whole.rows(0, 100), 0, whole.rows(0, 100)), "the first is known");
        assertFalse(shapes.admits(false, false, 1, whole.rows(0, 599), 0, whole.rows(0, 599)), "the last is not");
        assertTrue(shapes.codeBytes() > 0);
    }

    @Test
    void theSameCallGivesTheSameBits() {
        Tensor a = window(200, 150);
        Tensor b = window(150, 130);
        Tensor c = window(200, 130);
        kernels.gemm().multiply(false, false, 1, a, b, 0, c);
        double[] first = c.toDoubles();
        kernels.gemm().multiply(false, false, 1, a, b, 0, c);
        assertArrayEquals(first, c.toDoubles(), 0);
    }
}
