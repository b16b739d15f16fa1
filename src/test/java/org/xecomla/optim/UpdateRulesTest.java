package org.xecomla.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** Clipping, the schedule, plain descent and the outer update. */
class UpdateRulesTest {
    private static final ParameterLayout LAYOUT = ParameterLayout.of(List.of(
            new ParameterLayout.Spec("a", 1, 2, true),
            new ParameterLayout.Spec("b", 2, 1, true),
            new ParameterLayout.Spec("frozen", 1, 1, false)));

    private final Kernels kernels = new NaiveKernels(ElementType.DOUBLE);

    private static ParameterStore store(double... values) {
        ParameterStore store = Tensors.zeros(LAYOUT, ElementType.DOUBLE);
        store.segments().get(0).write(values);
        store.get("frozen").write(9);
        return store;
    }

    private static double[] trained(ParameterStore store) {
        return store.segments().get(0).toDoubles();
    }

    @Test
    void clippingIsByTheNormOverAllTrainedParameters() {
        ParameterStore gradients = store(2, 4, 5, 6);
        assertEquals(9, GradientClip.globalNorm(gradients, kernels), 1e-12);
        assertEquals(3 / (9 + 1e-6), new GradientClip(3).factor(9), 1e-15);
        assertEquals(1, new GradientClip(10).factor(9));
        assertEquals(1, GradientClip.NONE.factor(1e30));
        assertThrows(IllegalArgumentException.class, () -> new GradientClip(0));
    }

    @Test
    void scheduleWarmsUpToThePeakAndFallsToTheMinimum() {
        LearningRateSchedule schedule = new LearningRateSchedule(1, 0.1, 4, 14);
        assertEquals(0.25, schedule.at(0), 1e-15);
        assertEquals(1, schedule.at(3), 1e-15);
        assertEquals(1, schedule.at(4), 1e-15);
        assertEquals(0.55, schedule.at(9), 1e-15);
        assertEquals(0.1 + 0.45 * (1 + Math.cos(0.9 * Math.PI)), schedule.at(13), 1e-15);
        assertEquals(0.1, schedule.at(14));
        assertEquals(0.1, schedule.at(1000));
        for (long step = 4; step < 14; step++) {
            assertTrue(schedule.at(step + 1) < schedule.at(step));
        }
        assertEquals(0.3, LearningRateSchedule.constant(0.3).at(7));
        assertEquals(2, new LearningRateSchedule(2, 0, 0, 5).at(0));
    }

    @Test
    void descentMovesTrainedParametersOnly() {
        ParameterStore weights = store(1, 2, 3, 4);
        Sgd sgd = new Sgd();
        sgd.step(weights, store(10, 20, 30, 40), 0.1, 0.5, kernels);
        assertArrayEquals(new double[] {0.5, 1, 1.5, 2}, trained(weights), 1e-15);
        assertArrayEquals(new double[] {9}, weights.get("frozen").toDoubles());
        assertEquals(1, sgd.numSteps());
    }

    @Test
    void plainAveragingLeavesTheAverageAlone() {
        try (OuterUpdate outer = new OuterUpdate(1, 0, LAYOUT, kernels)) {
            ParameterStore weights = store(0.1, 0.2, 0.3, 0.7);
            outer.apply(null, weights, kernels);
            assertArrayEquals(new double[] {0.1, 0.2, 0.3, 0.7}, trained(weights));
            assertTrue(outer.plainAveraging() && outer.state().isEmpty());
        }
    }

    /** By hand: torch.optim.SGD(lr, momentum, nesterov=True) on the pseudo-gradient start - average. */
    @Test
    void nesterovRunsAheadOfTheAverage() {
        double rate = 0.7;
        double momentum = 0.9;
        double[] velocity = new double[4];
        double[] expected = {1, 2, 3, 4};
        try (OuterUpdate outer = new OuterUpdate(rate, momentum, LAYOUT, kernels)) {
            for (int round = 1; round <= 3; round++) {
                double[] average = new double[4];
                for (int i = 0; i < 4; i++) {
                    average[i] = expected[i] - 0.1 * round * (i + 1);
                }
                ParameterStore weights = store(average);
                outer.apply(store(expected), weights, kernels);
                for (int i = 0; i < 4; i++) {
                    double gradient = expected[i] - average[i];
                    velocity[i] = momentum * velocity[i] + gradient;
                    expected[i] -= rate * (gradient + momentum * velocity[i]);
                }
                assertArrayEquals(expected, trained(weights), 1e-14);
                assertArrayEquals(new double[] {9}, weights.get("frozen").toDoubles());
            }
            assertArrayEquals(velocity, trained(outer.state().get(0)), 1e-14);
        }
    }
}
