package org.xecomla.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.nn.Goldens;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.TestedKernels;
import org.xecomla.tensor.cpu.CpuKernels;

/** Three clipped steps of PyTorch's AdamW; resuming; what is frozen stays. */
class AdamWTest {
    private static final ParameterLayout LAYOUT = ParameterLayout.of(
            List.of(new ParameterLayout.Spec("frozen", 2, 2, false), new ParameterLayout.Spec("trained", 7, 5, true)));
    private static final AdamW.Settings SETTINGS = new AdamW.Settings(0.9, 0.98, 1e-8, 0.1);
    private static final double LEARNING_RATE = 3e-3;

    private final SafetensorsFile expected = Goldens.expected("adamw");

    /** Weights and gradients of the golden file's one parameter, and a frozen one beside it. */
    private record Bench(ParameterStore weights, ParameterStore gradients, AdamW adamW, Kernels kernels)
            implements AutoCloseable {
        static Bench of(Kernels kernels) {
            ElementType type = kernels.type();
            return new Bench(
                    Tensors.zeros(LAYOUT, type),
                    Tensors.zerosOfTrainable(LAYOUT, type),
                    new AdamW(LAYOUT, kernels, SETTINGS),
                    kernels);
        }

        double step(double[] gradient) {
            gradients.get("trained").write(gradient);
            double norm = GradientClip.globalNorm(gradients, kernels);
            adamW.step(weights, gradients, LEARNING_RATE, new GradientClip(1).factor(norm), kernels);
            return norm;
        }

        double[] trained() {
            return weights.get("trained").toDoubles();
        }

        @Override
        public void close() {
            weights.close();
            gradients.close();
            adamW.close();
            kernels.close();
        }
    }

    static Iterable<Supplier<Kernels>> kernels() {
        return List.of(
                () -> new CpuKernels(2),
                () -> TestedKernels.inBothTypes(ElementType.FLOAT),
                () -> TestedKernels.inBothTypes(ElementType.DOUBLE));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void threeStepsAreThoseOfPyTorch(Supplier<Kernels> kernels) {
        try (Bench bench = Bench.of(kernels.get())) {
            double tolerance = bench.kernels.type() == ElementType.FLOAT ? 1e-6 : 1e-13;
            bench.weights.get("trained").write(expected.readDoubles("param"));
            bench.weights.get("frozen").write(1, 2, 3, 4);
            for (int i = 0; i < 3; i++) {
                double norm = bench.step(expected.readDoubles("grad" + i));
                assertTrue(Goldens.relativeError(norm, expected.readDoubles("norm" + i)[0]) < 1e-6);
                double error = Goldens.relativeError(bench.trained(), expected.readDoubles("after" + i));
                assertTrue(error < tolerance, "step " + i + " differs by " + error);
            }
            assertArrayEquals(
                    new double[] {1, 2, 3, 4}, bench.weights.get("frozen").toDoubles());
        }
    }

    @Test
    void aResumedRunIsTheSameBitForBit() {
        try (Bench whole = Bench.of(new CpuKernels(1));
                Bench resumed = Bench.of(new CpuKernels(1))) {
            whole.weights.get("trained").write(expected.readDoubles("param"));
            whole.step(expected.readDoubles("grad0"));
            resumed.weights.get("trained").write(whole.trained());
            resumed.adamW.resumeAt(whole.adamW.numSteps());
            for (int s = 0; s < 2; s++) {
                ParameterStore from = whole.adamW.state().get(s);
                resumed.adamW
                        .state()
                        .get(s)
                        .get("trained")
                        .write(from.get("trained").toDoubles());
            }
            whole.step(expected.readDoubles("grad1"));
            resumed.step(expected.readDoubles("grad1"));
            assertEquals(2, resumed.adamW.numSteps());
            assertArrayEquals(whole.trained(), resumed.trained());
        }
    }
}
