package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.tensor.KernelRig.Pair;

/**
 * Row-wise and elementwise operations against the naive loop. Tolerance in float: 2e-6 of the largest element.
 */
class NormKernelsTest {
    private static final double TOLERANCE = 2e-6;
    private static final int[][] SHAPES = {{1, 1}, {1, 64}, {5, 3}, {4, 16}, {3, 37}, {70, 257}, {300, 8}, {150, 257}};

    static Stream<Supplier<Kernels>> implementations() {
        return KernelRig.implementations();
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rmsNorm(Supplier<Kernels> made) {
        for (int[] shape : SHAPES) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair x = rig.random(shape[0], shape[1], 3);
                Pair gain = rig.random(1, shape[1]);
                Pair y = rig.nan(shape[0], shape[1]);
                Pair inverseRms = rig.nan(shape[0], 1);
                Pair dY = rig.random(shape[0], shape[1]);
                Pair dX = rig.random(shape[0], shape[1]);
                Pair dGain = rig.random(1, shape[1]);
                Pair alone = rig.random(shape[0], shape[1]);
                rig.run((k, s) -> {
                    k.norm().forward(s.apply(x), s.apply(gain), 1e-5, s.apply(y), s.apply(inverseRms));
                    k.norm()
                            .backward(
                                    s.apply(dY),
                                    s.apply(x),
                                    s.apply(gain),
                                    s.apply(inverseRms),
                                    s.apply(dX),
                                    s.apply(dGain));
                    k.norm()
                            .backward(
                                    s.apply(dY), s.apply(x), s.apply(gain), s.apply(inverseRms), s.apply(alone), null);
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void rmsNormOfTinyAndZeroRows(Supplier<Kernels> made) {
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair x = rig.random(6, 19, 1e-4);
            Pair zero = rig.random(6, 19, 0);
            Pair gain = rig.random(1, 19);
            Pair y = rig.nan(6, 19);
            Pair yOfZero = rig.nan(6, 19);
            Pair inverseRms = rig.nan(6, 1);
            rig.run((k, s) -> {
                k.norm().forward(s.apply(zero), s.apply(gain), 1e-6, s.apply(yOfZero), s.apply(inverseRms));
                k.norm().forward(s.apply(x), s.apply(gain), 1e-6, s.apply(y), s.apply(inverseRms));
            });
            rig.check(rig.tolerance(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void swiGlu(Supplier<Kernels> made) {
        for (int[] shape : SHAPES) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair gate = rig.random(shape[0], shape[1], 8); // into saturation on either side
                Pair up = rig.random(shape[0], shape[1]);
                Pair out = rig.nan(shape[0], shape[1]);
                Pair dOut = rig.random(shape[0], shape[1]);
                Pair dGate = rig.nan(shape[0], shape[1]);
                Pair dUp = rig.nan(shape[0], shape[1]);
                rig.run((k, s) -> {
                    k.swiGlu().forward(s.apply(gate), s.apply(up), s.apply(out));
                    k.swiGlu().backward(s.apply(dOut), s.apply(gate), s.apply(up), s.apply(dGate), s.apply(dUp));
                    k.swiGlu()
                            .backward(
                                    s.apply(dOut), s.apply(gate), s.apply(up), s.apply(gate), s.apply(up)); // in place
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void swiGluOfExtremes(Supplier<Kernels> made) {
        double[] extremes = {-1000, -200, -90, -88, -87, -20, -1e-30, 0, 1e-30, 20, 87, 88, 90, 200, 1000, 17, -17};
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair gate = rig.random(1, extremes.length);
            Pair up = rig.random(1, extremes.length);
            Pair out = rig.nan(1, extremes.length);
            rig.run((k, s) -> {
                s.apply(gate).write(extremes);
                k.swiGlu().forward(s.apply(gate), s.apply(up), s.apply(out));
            });
            rig.check(rig.tolerance(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void softmaxRows(Supplier<Kernels> made) {
        for (int[] shape : SHAPES) {
            for (double beta : new double[] {1, 0.5, 7}) {
                try (KernelRig rig = new KernelRig(made.get())) {
                    Pair x = rig.random(shape[0], shape[1], 4);
                    double[][] logSumExp = new double[2][shape[0]];
                    rig.run((k, s) -> k.head().softmax(s.apply(x), beta, logSumExp[k == rig.kernels ? 0 : 1]));
                    rig.check(rig.tolerance(TOLERANCE));
                    KernelRig.checkClose(logSumExp[1], logSumExp[0], rig.tolerance(TOLERANCE));
                    for (int r = 0; r < shape[0]; r++) {
                        double sum = java.util.Arrays.stream(
                                        x.tested().rows(r, r + 1).toDoubles())
                                .sum();
                        assertEquals(1, sum, 1e-5);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void softmaxOfLargeLogits(Supplier<Kernels> made) {
        try (KernelRig rig = new KernelRig(made.get())) {
            Pair x = rig.random(5, 41, 300); // exp would overflow without the shift
            double[][] logSumExp = new double[2][5];
            rig.run((k, s) -> k.head().softmax(s.apply(x), 1, logSumExp[k == rig.kernels ? 0 : 1]));
            rig.check(rig.tolerance(1e-4)); // one rounding of a logit of 1000 is 6e-5
            KernelRig.checkClose(logSumExp[1], logSumExp[0], rig.tolerance(TOLERANCE));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void adamW(Supplier<Kernels> made) {
        for (int n : new int[] {1, 7, 16, 1000}) {
            try (KernelRig rig = new KernelRig(made.get())) {
                Pair w = rig.random(1, n);
                Pair g = rig.random(1, n, 0.01);
                Pair m = rig.random(1, n, 0);
                Pair v = rig.random(1, n, 0);
                rig.run((k, s) -> {
                    for (int step = 1; step <= 4; step++) {
                        k.adamW()
                                .step(
                                        new AdamWStep(1e-2, 0.9, 0.95, 1e-8, 0.1, 0.5, step),
                                        s.apply(w),
                                        s.apply(g),
                                        s.apply(m),
                                        s.apply(v));
                    }
                });
                rig.check(rig.tolerance(TOLERANCE));
            }
        }
    }
}
