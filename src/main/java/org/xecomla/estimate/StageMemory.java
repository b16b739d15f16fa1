package org.xecomla.estimate;

import java.util.Optional;
import java.util.stream.LongStream;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SparkSettings;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.eval.Evaluator;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;
import org.xecomla.teacher.Teacher;
import org.xecomla.tensor.ElementType;
import org.xecomla.train.LayerMatching;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.preference.DpoObjective;

/**
 * Memory outside the heap that one task of each stage takes, in bytes, from shapes alone. On a GPU most of it is the
 * device's.
 *
 * @param distill with what the tasks exchange
 * @param dpo the same; 0: the run has no such stage
 */
public record StageMemory(long teacher, long init, long distill, long dpo, long eval, long export) {
    /** What Spark itself sets aside beside a heap: its share, and at least so much. */
    private static final double JVM_SHARE = 0.1;

    private static final long LEAST_JVM = 384L << 20;
    private static final long DEFAULT_HEAP = 1L << 30;

    /** Segments under way of a replica that averages: what it sends, what it receives, and room for a third. */
    private static final long EXCHANGE = 256L << 20;

    /** @param threads of one task's kernels */
    public static StageMemory of(RunConfig config, RunShapes shapes, int threads) {
        int length = shapes.sequenceLength();
        int batch = config.eval().batchSequences();
        int replicas = config.distill().replicas().count();
        TrainingPlan plan = TrainingPlan.distillation(config, Long.MAX_VALUE / length, length);
        long trained = MemoryEstimate.of(
                        shapes.student(),
                        plan,
                        TokenObjective.distillation(config),
                        replicas,
                        threads,
                        config.compute().precision())
                .total();
        long scored = largest(
                Evaluator.footprint(shapes.base(), batch, length, threads).total(),
                Evaluator.footprint(shapes.student(), batch, length, threads).total());
        long reference =
                Evaluator.footprint(shapes.teacher(), batch, length, threads).total();
        return new StageMemory(
                Math.min(
                        config.compute().teacherBytes(),
                        Teacher.footprint(shapes.teacher(), batch, length, threads)
                                .total()),
                calibrated(shapes, length, threads) + weights(shapes.student()),
                trained + beside(config, shapes, plan, threads) + exchanged(replicas),
                preferences(config, shapes, threads),
                scored + reference,
                weights(shapes.student()));
    }

    /** The base that runs beside a student which learns what its layers say. */
    private static long beside(RunConfig config, RunShapes shapes, TrainingPlan plan, int threads) {
        return config.distill().hidden().isEnabled()
                ? LayerMatching.footprint(
                                shapes.base(), plan, config.distill().replicas().count(), threads)
                        .total()
                : 0;
    }

    private static long preferences(RunConfig config, RunShapes shapes, int threads) {
        if (!config.dpo().isEnabled()) {
            return 0;
        }
        int replicas = config.dpo().replicas().count();
        int longest = config.dpo().maxLengthFor(shapes.base());
        int oneStep = config.dpo().optimizer().batchSequences();
        TrainingPlan plan = TrainingPlan.preferences(config, oneStep, longest);
        return MemoryEstimate.of(
                                shapes.student(),
                                plan,
                                DpoObjective.of(config),
                                replicas,
                                threads,
                                config.compute().precision())
                        .total()
                + exchanged(replicas);
    }

    private static long exchanged(int replicas) {
        return replicas > 1 ? EXCHANGE : 0;
    }

    private static long largest(long... bytes) {
        return LongStream.of(bytes).max().orElseThrow();
    }

    private static long calibrated(RunShapes shapes, int length, int threads) {
        return Footprint.of(
                        shapes.base(),
                        null,
                        ElementType.FLOAT,
                        length,
                        Recompute.NONE,
                        threads,
                        (sizing, scratch) -> sizing.hiddenStates(new int[length], 1, scratch, null))
                .total();
    }

    static long weights(ModelConfig model) {
        return CausalLm.layout(model, name -> false).numParameters() * Float.BYTES;
    }

    /** Of the stage that takes most. */
    public long most() {
        return largest(teacher, init, distill, dpo, eval, export);
    }

    /**
     * What an executor needs beside its heap: its tasks' tensors, and what every JVM takes.
     *
     * @param tasks that run in it side by side
     */
    long ofExecutor(SparkSettings settings, int tasks) {
        return most() * tasks + ofJvm(settings.executorMemory());
    }

    /** What the driver needs beside its heap: it exports the student, whose weights it holds then. */
    long ofDriver(SparkSettings settings) {
        return export + ofJvm(settings.driverMemory());
    }

    private static long ofJvm(Optional<String> heap) {
        return largest(
                LEAST_JVM, (long) (JVM_SHARE * heap.map(StageMemory::bytes).orElse(DEFAULT_HEAP)));
    }

    /** A size such as 4g or 512m. */
    static long bytes(String size) {
        int digits = 0;
        while (Character.isDigit(size.charAt(digits))) {
            digits++;
        }
        int power = "kmgt".indexOf(Character.toLowerCase(size.charAt(digits))) + 1;
        return Long.parseLong(size.substring(0, digits)) << (10 * power);
    }
}
