package org.xecomla.bench;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.RingGroup;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.spark.driver.ModelTasks;
import org.xecomla.spark.leg.BarrierLeg;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.tensor.memory.Nd4jMemory;

/**
 * How long the replicas of a leg take to average on the cluster that this is submitted to, and what that costs a
 * training. Every result is checked.
 */
public final class AveragingBenchmark {
    private static final int SEGMENT_ELEMENTS = 1 << 28; // as those of a model
    private static final int WARM_STEPS = 5;
    private static final double NANOS = 1e9;
    private static final double MEGA = 1e6;

    private final ModelTasks tasks;
    private final int numReplicas;
    private final int numRounds;
    private final Consumer<String> console;

    private AveragingBenchmark(ModelTasks tasks, int numReplicas, int numRounds, Consumer<String> console) {
        this.tasks = tasks;
        this.numReplicas = numReplicas;
        this.numRounds = numRounds;
        this.console = console;
    }

    /**
     * Averages {@code parameters} floats over {@code replicas} tasks, {@code rounds} times in each of the {@code ways}.
     *
     * @throws UserException where the cluster has fewer slots than replicas
     */
    public static void rounds(
            RunConfig config,
            long parameters,
            int replicas,
            int rounds,
            List<AveragingConfig> ways,
            Consumer<String> console) {
        on(config, replicas, rounds, console, benchmark -> ways.forEach(way -> benchmark.time(parameters, way)));
    }

    /**
     * Trains a model of {@code shape} by {@code replicas} of one thread each that average every {@code localSteps}
     * steps, then by one replica of as many threads, and compares tokens a second.
     */
    public static void training(
            RunConfig config, BenchShape shape, int localSteps, int replicas, int rounds, Consumer<String> console) {
        on(config, replicas, rounds, console, benchmark -> benchmark.train(config, shape, localSteps));
    }

    private static void on(
            RunConfig config, int replicas, int rounds, Consumer<String> console, Consumer<AveragingBenchmark> work) {
        SparkConf conf = new SparkConf(true).setIfMissing("spark.master", "local[*]");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            ModelTasks tasks = new ModelTasks(spark, config);
            Duration patience = config.distill().replicas().averaging().executorTimeout();
            int slots = tasks.awaitSlots(replicas, patience);
            if (slots < replicas) {
                throw new UserException(replicas + " replicas need as many task slots at once, and " + spark.master()
                        + " has " + slots + ": ask for fewer replicas or more executors");
            }
            work.accept(new AveragingBenchmark(tasks, replicas, rounds, console));
        }
    }

    private <R> List<R> leg(int replicas, AveragingConfig way, BarrierLeg.Task<R> task) {
        return BarrierLeg.run(tasks, RingGroup.create("benchmark", 1, replicas), way, task);
    }

    private void time(long parameters, AveragingConfig way) {
        int rounds = numRounds;
        double[] seconds = slowest(leg(numReplicas, way, averaging -> averageRounds(parameters, rounds, averaging)));
        double best = Arrays.stream(seconds).min().orElseThrow();
        console.accept(String.format(
                Locale.ROOT,
                "%-6s %s  %,.1f M parameters, %d replicas: best round %.2f s, all %s",
                way.transport().name().toLowerCase(Locale.ROOT),
                way.precision().name().toLowerCase(Locale.ROOT),
                parameters / MEGA,
                numReplicas,
                best,
                Arrays.stream(seconds)
                        .mapToObj(s -> String.format(Locale.ROOT, "%.2f", s))
                        .toList()));
    }

    private static double[] averageRounds(long parameters, int rounds, ParameterAveraging averaging) {
        List<Tensor> segments = new ArrayList<>();
        for (long left = parameters; left > 0; left -= SEGMENT_ELEMENTS) {
            segments.add(Nd4jMemory.INSTANCE.zeros(
                    ElementType.FLOAT, 1, (int) Math.min(left, SEGMENT_ELEMENTS))); // (1, length)
        }
        try (Kernels kernels = new CpuKernels(1)) {
            double[] seconds = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                for (int s = 0; s < segments.size(); s++) {
                    kernels.elementwise().fill(segments.get(s), averaging.rank() + s);
                }
                averaging.barrier();
                long start = System.nanoTime();
                averaging.average(segments, 1.0 / averaging.numReplicas());
                seconds[round] = (System.nanoTime() - start) / NANOS;
                for (int s = 0; s < segments.size(); s++) {
                    check(segments.get(s), (averaging.numReplicas() - 1) / 2.0 + s);
                }
            }
            return seconds;
        } finally {
            segments.forEach(segment -> segment.storage().close());
        }
    }

    private static void check(Tensor segment, double mean) {
        int samples = Math.min(segment.cols(), 1000);
        for (int sample = 1; sample <= samples; sample++) {
            int i = (int) ((long) segment.cols() * sample / samples) - 1;
            double value = segment.cols(i, i + 1).toDoubles()[0];
            if (Math.abs(value - mean) > 1e-2) {
                throw new IllegalStateException("element " + i + " is " + value + ", not the mean " + mean);
            }
        }
    }

    /** The longest time of each round over the replicas. */
    private static double[] slowest(List<double[]> byReplica) {
        return IntStream.range(0, byReplica.get(0).length)
                .mapToDouble(round -> byReplica.stream()
                        .mapToDouble(seconds -> seconds[round])
                        .max()
                        .orElseThrow())
                .toArray();
    }

    /**
     * What a replica's training came to.
     *
     * @param seconds for all rounds
     * @param averaging of those, seconds spent in averaging, waiting for the others included
     */
    private record Trained(double seconds, double averaging, long parameters) implements Serializable {}

    private void train(RunConfig config, BenchShape shape, int localSteps) {
        double tokens = (double) shape.numTokens() * localSteps * numRounds;
        List<Trained> several = trainLeg(config, shape, localSteps, numReplicas, 1);
        double seconds = several.stream().mapToDouble(Trained::seconds).max().orElseThrow();
        double averaging =
                several.stream().mapToDouble(Trained::averaging).average().orElseThrow();
        double together = tokens * numReplicas / seconds;
        console.accept(String.format(
                Locale.ROOT,
                "%d replicas of one thread, averaging every %d steps: %,.0f tokens/s, averaging %.1f %% of the time",
                numReplicas,
                localSteps,
                together,
                100 * averaging / seconds));
        Trained one = trainLeg(config, shape, localSteps, 1, numReplicas).get(0);
        double alone = tokens / one.seconds;
        console.accept(String.format(
                Locale.ROOT,
                "one replica of %d threads: %,.0f tokens/s; together %.0f %% of it (%s, %.1f M parameters)",
                numReplicas,
                alone,
                100 * together / alone,
                shape.name(),
                one.parameters / MEGA));
    }

    /** Says first how much it is: on a busy machine it takes long, and nothing is heard until it ends. */
    private List<Trained> trainLeg(RunConfig config, BenchShape shape, int localSteps, int replicas, int threads) {
        int steps = WARM_STEPS + localSteps * numRounds;
        console.accept(String.format(
                Locale.ROOT,
                "%s: %d x %d steps of %,d tokens on %d thread%s each",
                shape.name(),
                replicas,
                steps,
                shape.numTokens(),
                threads,
                threads == 1 ? "" : "s"));
        String numbers = shape.numbers(); // what can travel
        int rounds = numRounds;
        return leg(
                replicas,
                config.distill()
                        .replicas()
                        .averaging()
                        .over(AveragingConfig.Transport.RING, AveragingConfig.Precision.FP32),
                averaging -> trainRounds(config, numbers, localSteps, rounds, threads, averaging));
    }

    private static Trained trainRounds(
            RunConfig config, String shape, int localSteps, int rounds, int threads, ParameterAveraging averaging) {
        try (Kernels kernels = ComputeKernels.of(config.compute(), threads);
                StepBenchmark training =
                        new StepBenchmark(BenchShape.of(shape), BenchShape.Model.MLA, config.compute(), kernels)) {
            double share = 1.0 / averaging.numReplicas();
            for (int step = 0; step < WARM_STEPS; step++) {
                training.trainingStep();
            }
            averaging.average(training.weights(), share);
            double averaged = 0;
            long start = System.nanoTime();
            for (int round = 0; round < rounds; round++) {
                for (int step = 0; step < localSteps; step++) {
                    training.trainingStep();
                }
                long begin = System.nanoTime();
                averaging.average(training.weights(), share);
                averaged += (System.nanoTime() - begin) / NANOS;
            }
            double seconds = (System.nanoTime() - start) / NANOS;
            long parameters =
                    training.weights().stream().mapToLong(Tensor::length).sum();
            return new Trained(seconds, averaged, parameters);
        }
    }
}
