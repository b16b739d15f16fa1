package org.xecomla.bench;

import org.xecomla.config.ComputeConfig;
import org.xecomla.estimate.StageRates;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;

/** What this machine computes in a second, for the estimate of a run. */
public final class MeasuredRates {
    private static final int WARM_UP_SECONDS = 4;
    private static final int MEASURED_STEPS = 5;

    private MeasuredRates() {}

    /** By the engine on a small shape: a large one on the executor's own machine is faster rather than slower. */
    public static StageRates here(ComputeConfig compute, double tokensPerSecond, double networkBytes) {
        BenchShape shape = BenchShape.of("S");
        BenchShape.Model model = BenchShape.Model.MLA;
        int threads = compute.threadsHere();
        try (Kernels kernels = ComputeKernels.of(compute, threads);
                OwnEngine engine = new OwnEngine(
                        "xecomla",
                        shape,
                        model,
                        compute,
                        kernels,
                        kernels,
                        BenchContestant.Clock.WALL,
                        WARM_UP_SECONDS)) {
            return new StageRates(
                    shape.trainingFlops(model, compute.recompute()) / seconds(engine, BenchContestant.Work.STEP),
                    shape.forwardFlops(model) / seconds(engine, BenchContestant.Work.FORWARD),
                    tokensPerSecond,
                    networkBytes,
                    "measured here on " + threads + " threads, shape " + shape.name());
        }
    }

    private static double seconds(OwnEngine engine, BenchContestant.Work work) {
        return BenchReport.median(engine.millis(work, MEASURED_STEPS)) / 1e3;
    }
}
