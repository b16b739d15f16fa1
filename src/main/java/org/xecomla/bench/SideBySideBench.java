package org.xecomla.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.xecomla.config.ComputeConfig;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;

/**
 * Tasks of one thread each that train in this JVM at the same time, as in a Spark executor, against one of them alone.
 */
public final class SideBySideBench {
    private static final int WARM_UP_STEPS = 5;

    private SideBySideBench() {}

    /** A replica on a thread of its own. */
    private static final class Task implements AutoCloseable {
        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final Kernels kernels;
        private final StepBenchmark benchmark;

        Task(BenchShape shape, BenchShape.Model model, ComputeConfig compute) {
            this.kernels = ComputeKernels.of(compute, 1);
            this.benchmark = new StepBenchmark(shape, model, compute, kernels);
        }

        /** Median milliseconds of {@code count} steps. */
        CompletableFuture<Double> step(int count) {
            return CompletableFuture.supplyAsync(() -> BenchReport.median(timed(count)), thread);
        }

        private double[] timed(int count) {
            double[] millis = new double[count];
            for (int i = 0; i < count; i++) {
                long start = System.nanoTime();
                benchmark.trainingStep();
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            return millis;
        }

        @Override
        public void close() {
            thread.shutdown();
            benchmark.close();
            kernels.close();
        }
    }

    public static void run(
            BenchShape shape,
            BenchShape.Model model,
            ComputeConfig compute,
            int numTasks,
            int rounds,
            int steps,
            PrintWriter console) {
        List<Task> tasks = new ArrayList<>();
        try {
            for (int t = 0; t < numTasks; t++) {
                tasks.add(new Task(shape, model, compute));
            }
            tasks.forEach(task -> task.step(WARM_UP_STEPS).join());
            double[] ratios = new double[rounds];
            double[] alone = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                alone[round] = tasks.get(0).step(steps).join();
                List<CompletableFuture<Double>> together =
                        tasks.stream().map(task -> task.step(steps)).toList();
                ratios[round] = together.stream()
                                .mapToDouble(CompletableFuture::join)
                                .max()
                                .orElseThrow()
                        / alone[round];
            }
            console.printf(
                    Locale.ROOT,
                    "%s: a training step on one thread takes %.1f ms alone, and %.2f times as long with %d such "
                            + "tasks in one"
                            + " JVM, the slowest of them, median of %d rounds (%.2f to %.2f)%n",
                    shape,
                    BenchReport.median(alone),
                    BenchReport.median(ratios),
                    numTasks,
                    rounds,
                    Arrays.stream(ratios).min().orElseThrow(),
                    Arrays.stream(ratios).max().orElseThrow());
        } finally {
            tasks.forEach(Task::close);
        }
    }
}
