package org.xecomla.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.AdamWStep;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** What is special about the processor's kernels: threads, determinism, and life without the Vector API. */
class CpuKernelsTest {
    @Test
    void theSameBitsInEveryRun() {
        List<float[]> first = new ArrayList<>();
        for (int run = 0; run < 4; run++) {
            try (CpuKernels kernels = new CpuKernels(3)) {
                List<float[]> results = someOfEverything(kernels);
                if (run == 0) {
                    first.addAll(results);
                }
                for (int i = 0; i < first.size(); i++) {
                    assertArrayEquals(first.get(i), results.get(i), "result " + i + " of run " + run);
                }
            }
        }
    }

    /** What replicas on unlike machines rely on, each with an update of its own: no rounding follows from lanes. */
    @Test
    void updatesAreTheSameBitsInVectorsAndWithout() {
        List<float[]> expected = updated(1, Lanes.NONE);
        for (int threads = 1; threads <= 3; threads++) {
            List<float[]> inVectors = updated(threads, Lanes.best());
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), inVectors.get(i), "of " + threads + " threads");
            }
        }
    }

    /** Weights and moments after some steps. */
    private static List<float[]> updated(int threads, Lanes lanes) {
        Random random = new Random(5);
        int length = 100_003;
        Tensor weights = tensor(random, 1, length); // (1, n)
        Tensor moments1 = Tensors.zeros(ElementType.FLOAT, 1, length); // (1, n)
        Tensor moments2 = Tensors.zeros(ElementType.FLOAT, 1, length); // (1, n)
        try (CpuKernels kernels = new CpuKernels(threads, ComputeConfig.Precision.FP32, lanes)) {
            for (int step = 1; step <= 5; step++) {
                Tensor gradients = tensor(random, 1, length); // (1, n)
                kernels.adamW()
                        .step(
                                new AdamWStep(1e-3, 0.9, 0.95, 1e-8, 0.01, 0.37, step),
                                weights,
                                gradients,
                                moments1,
                                moments2);
            }
        }
        return List.of(weights.toFloats(), moments1.toFloats(), moments2.toFloats());
    }

    /** Operations whose parts add up to common results, large enough to be split. */
    private static List<float[]> someOfEverything(Kernels kernels) {
        Random random = new Random(3);
        int rows = 2 * 130;
        Tensor x = tensor(random, rows, 96);
        Tensor w = tensor(random, 200, 96);
        Tensor y = Tensors.zeros(ElementType.FLOAT, rows, 200);
        kernels.gemm().multiply(false, true, 1, x, w, 0, y);
        Tensor dW = Tensors.zeros(ElementType.FLOAT, 200, 96);
        kernels.gemm().multiply(true, false, 1, y, x, 0, dW);
        Tensor gain = tensor(random, 1, 96);
        Tensor normed = Tensors.zeros(ElementType.FLOAT, rows, 96);
        Tensor inverseRms = Tensors.zeros(ElementType.FLOAT, rows, 1);
        kernels.norm().forward(x, gain, 1e-5, normed, inverseRms);
        Tensor dX = Tensors.zeros(ElementType.FLOAT, rows, 96);
        Tensor dGain = Tensors.zeros(ElementType.FLOAT, 1, 96);
        kernels.norm().backward(normed, x, gain, inverseRms, dX, dGain);
        Sequences sequences = Sequences.of(2, rows);
        HeadView q = HeadView.of(x, 6);
        HeadView kv = HeadView.of(tensor(random, rows, 32), 2);
        HeadView out = HeadView.of(Tensors.zeros(ElementType.FLOAT, rows, 96), 6);
        Tensor logSumExp = Tensors.zeros(ElementType.FLOAT, rows, 6);
        kernels.attention().forward(q, kv, kv, out, logSumExp, sequences, 0.2);
        HeadView dQ = HeadView.of(Tensors.zeros(ElementType.FLOAT, rows, 96), 6);
        HeadView dK = HeadView.of(Tensors.zeros(ElementType.FLOAT, rows, 32), 2);
        HeadView dV = HeadView.of(Tensors.zeros(ElementType.FLOAT, rows, 32), 2);
        kernels.attention().backward(q, q, kv, kv, out, logSumExp, sequences, 0.2, dQ, dK, dV);
        Tensor table = Tensors.zeros(ElementType.FLOAT, 7, 96);
        kernels.embedding().scatterAdd(x, Indices.of(random.ints(rows, 0, 7).toArray()), table);
        float square = (float) kernels.elementwise().sumOfSquares(y);
        return List.of(
                y.toFloats(),
                dW.toFloats(),
                dX.toFloats(),
                dGain.toFloats(),
                out.tensor().toFloats(),
                dQ.tensor().toFloats(),
                dK.tensor().toFloats(),
                dV.tensor().toFloats(),
                table.toFloats(),
                new float[] {square});
    }

    private static Tensor tensor(Random random, int rows, int cols) {
        Tensor t = Tensors.zeros(ElementType.FLOAT, rows, cols);
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        t.write(values, 0);
        return t;
    }

    @Test
    void closingEndsTheThreads() {
        Set<Thread> others = Thread.getAllStackTraces().keySet();
        CpuKernels kernels = new CpuKernels(5);
        assertEquals(4, helpersBut(others));
        kernels.close();
        assertEquals(0, helpersBut(others));
    }

    private static long helpersBut(Set<Thread> others) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith("kernels-") && !others.contains(t))
                .count();
    }

    @Test
    void operandsThatDoNotFitAreRefused() {
        try (CpuKernels kernels = new CpuKernels(1)) {
            Tensor a = Tensors.zeros(ElementType.FLOAT, 2, 3);
            Tensor b = Tensors.zeros(ElementType.FLOAT, 2, 4);
            assertThrows(IllegalArgumentException.class, () -> kernels.gemm().multiply(false, false, 1, a, b, 0, b));
            assertThrows(
                    IllegalArgumentException.class, () -> kernels.elementwise().axpy(1, a, b));
            assertThrows(IllegalArgumentException.class, () -> kernels.swiGlu().forward(a, a, b));
            assertThrows(IllegalArgumentException.class, () -> kernels.norm()
                    .forward(a, b.rows(0, 1), 1e-5, a, a.cols(0, 1)));
            assertThrows(
                    IndexOutOfBoundsException.class, () -> kernels.embedding().gather(a, Indices.of(2, 0), a));
        }
    }

    /** A JVM without the module: the kernels load, compute, and say so once. */
    @Test
    void worksWithoutTheVectorModule() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        WithoutVectors.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("sum 385.0"), output);
        assertEquals(2, output.split("without vector instructions", -1).length, output);
    }

    /** Runs in a JVM of its own. */
    static final class WithoutVectors {
        public static void main(String[] args) {
            for (int i = 0; i < 2; i++) {
                try (Kernels kernels = new CpuKernels(2)) {
                    Tensor x = Tensors.of(ElementType.FLOAT, 1, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10); // (1, 10)
                    kernels.head().softmax(Tensors.zeros(ElementType.FLOAT, 2, 40), 1, new double[2]);
                    System.out.println("sum " + kernels.elementwise().sumOfSquares(x));
                }
            }
        }
    }
}
