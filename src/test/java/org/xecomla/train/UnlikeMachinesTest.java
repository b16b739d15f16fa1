package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.Freeze;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.tensor.Elementwise;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.cpu.Lanes;

/** Replicas on machines of different vectors and numbers of threads, each of which computes its own update. */
class UnlikeMachinesTest {
    private static final long STEPS = 60;

    /** Every step is clipped: its norm is a sum whose roundings follow from vectors and threads. */
    private static TrainingPlan plan() {
        return new TrainingPlan(
                STEPS,
                Tiny.LENGTH,
                4,
                2,
                LearningRateSchedule.constant(0.01),
                new AdamW.Settings(0.9, 0.98, 1e-8, 0.01),
                new GradientClip(1e-3),
                Freeze.NONE,
                new RoundPlan(1, AveragingConfig.What.GRADIENTS, false, 1, 0),
                Double.POSITIVE_INFINITY,
                STEPS,
                ComputeConfig.Recompute.NONE,
                3);
    }

    private static Kernels machine(int rank) {
        ComputeConfig.Precision exact = ComputeConfig.Precision.FP32;
        return switch (rank) {
            case 0 -> new CpuKernels(1, exact, Lanes.best());
            case 1 -> new CpuKernels(3, exact, Lanes.NONE);
            default -> roundingSums(new CpuKernels(2, exact, Lanes.best()));
        };
    }

    /** As a machine that adds up squares in another precision. */
    private static Kernels roundingSums(Kernels kernels) {
        Elementwise sums = with(
                Elementwise.class,
                kernels.elementwise(),
                "sumOfSquares",
                x -> 1.000_01 * kernels.elementwise().sumOfSquares(x));
        return with(Kernels.class, kernels, "elementwise", none -> sums);
    }

    /** {@code of} with another result of one method. */
    private static <T> T with(Class<T> type, T of, String method, Function<Tensor, Object> instead) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, called, given) -> called.getName().equals(method)
                        ? instead.apply(given == null ? null : (Tensor) given[0])
                        : called.invoke(of, given)));
    }

    private static double[] train(ParameterAveraging averaging) {
        Tiny.Data data = new Tiny.Data(TinyTraining.NUM_SEQUENCES, true);
        return TinyTraining.run(plan(), null, averaging, data, metrics -> {}, machine(averaging.rank()));
    }

    @Test
    void theyHoldTheSameBitsInEveryRound() throws Exception {
        List<double[]> weights = Replicas.run(3, UnlikeMachinesTest::train);
        assertArrayEquals(weights.get(0), weights.get(1), 0);
        assertArrayEquals(weights.get(0), weights.get(2), 0);
    }
}
