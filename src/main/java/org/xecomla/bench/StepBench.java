package org.xecomla.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.xecomla.config.ComputeConfig;
import org.xecomla.files.Machine;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.tensor.engine.KernelProfile;

/**
 * {@code bench}: the training step and the forward pass of a shape, alone or in turns with others.
 *
 * @param warmUpSeconds at least, before the first turn
 */
public record StepBench(
        BenchShape shape,
        BenchShape.Model model,
        ComputeConfig compute,
        BenchContestant.Clock clock,
        int warmUpSeconds,
        PrintWriter console) {
    private static final int PROFILED_STEPS = 5;
    private static final List<String> SPEED_VARIABLES = List.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE");

    /** What is being measured, and what in the environment makes that something else than the machine's own speed. */
    public void announce() {
        console.printf(
                "%s, %s, %s, %d threads, %s time, %s%n",
                shape,
                lower(model),
                lower(compute.precision()),
                compute.threadsHere(),
                lower(clock),
                Machine.processor());
        for (String variable : SPEED_VARIABLES) {
            if (System.getenv(variable) != null) {
                console.printf("%s=%s is set: it is not the machine's own speed%n", variable, System.getenv(variable));
            }
        }
        console.flush();
    }

    /**
     * Measures and prints.
     *
     * @param other settings of this engine that take turns with those of this record, for what they cost and save
     * @param others started when this engine is warm, ended by this method
     * @param rounds turns that all take
     * @param steps of a turn
     */
    public void run(
            Optional<ComputeConfig> other, Supplier<List<? extends BenchContestant>> others, int rounds, int steps) {
        List<BenchContestant> peers = new ArrayList<>();
        try (Kernels kernels = ComputeKernels.of(compute);
                Kernels products = new CpuKernels(compute.threadsHere());
                OwnEngine engine = engine("xecomla", compute, kernels, products)) {
            other.ifPresent(settings ->
                    peers.add(engine("xecomla, " + lower(settings.recompute()), settings, kernels, products)));
            peers.addAll(others.get());
            BenchReport report = new BenchReport(engine, List.copyOf(peers), shape, model);
            report.measure(rounds, steps);
            report.print(console);
        } finally {
            peers.forEach(BenchContestant::close);
        }
    }

    private OwnEngine engine(String name, ComputeConfig settings, Kernels kernels, Kernels products) {
        return new OwnEngine(name, shape, model, settings, kernels, products, clock, warmUpSeconds);
    }

    /** How long each tensor operation takes in a training step. */
    public void profile() {
        KernelProfile watch = new KernelProfile(clock.nanosOfThread());
        try (Kernels kernels = ComputeKernels.of(compute);
                StepBenchmark benchmark = new StepBenchmark(shape, model, compute, watch.of(kernels))) {
            for (int i = 0; i < 2 * PROFILED_STEPS; i++) {
                if (i == PROFILED_STEPS) {
                    watch.clear();
                }
                benchmark.trainingStep();
            }
        }
        console.printf("%n%-34s %8s %8s%n", "operations of a training step", "calls", "ms");
        for (KernelProfile.Entry entry : watch.entries()) {
            console.printf(
                    Locale.ROOT,
                    "%-34s %8d %8.2f%n",
                    entry.operation(),
                    entry.calls() / PROFILED_STEPS,
                    entry.nanos() / 1e6 / PROFILED_STEPS);
        }
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
