package org.xecomla.estimate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SparkSettings;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.targets.TargetCodec;
import org.xecomla.train.TrainingPlan;

/** What a run will cost, before it starts: how it is counted stands in {@code src/site/markdown/estimate.md}. */
public final class Estimate {
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;
    private static final double PETA = 1e15;
    private static final double HOUR = 3600;
    private static final double MEBI = 1 << 20;
    private static final double GIBI = 1L << 30;

    private final RunCost cost;

    private Estimate(RunCost cost) {
        this.cost = cost;
    }

    /**
     * Counts what {@code config} asks for.
     *
     * @param corpusTokens to train on; empty: counted in the text, or what the configuration trains on
     * @param pairs preferences to train on; empty: counted where they are here
     * @throws org.xecomla.errors.UserException where the models' shapes or the number of tokens are not known
     */
    public static Estimate of(RunConfig config, OptionalLong corpusTokens, OptionalLong pairs) {
        RunShapes shapes = RunShapes.of(config);
        CorpusSize corpus = corpusTokens.isPresent()
                ? CorpusSize.assume(corpusTokens.getAsLong(), "given")
                : CorpusSize.of(config, shapes.base());
        return of(config, shapes, corpus, PreferenceSize.of(config, shapes.base(), pairs));
    }

    public static Estimate of(RunConfig config, RunShapes shapes, CorpusSize corpus, PreferenceSize preferences) {
        return new Estimate(RunCost.of(config, shapes, corpus, preferences, threads(config)));
    }

    /**
     * Memory that executors and driver need beside their heaps, in bytes, by Spark's property.
     *
     * @throws org.xecomla.errors.UserException where the models' shapes are not known
     */
    public static Map<String, Long> overheads(RunConfig config) {
        StageMemory memory = StageMemory.of(config, RunShapes.of(config), threads(config));
        return Map.of(
                "spark.executor.memoryOverhead",
                memory.ofExecutor(config.spark(), tasks(config)),
                "spark.driver.memoryOverhead",
                memory.ofDriver(config.spark()));
    }

    /** Threads of a task that works on a model. */
    private static int threads(RunConfig config) {
        int cores = config.spark().executorCores().orElse(1);
        return config.compute().threads().orElse(cores);
    }

    /** Tasks on models that an executor runs side by side. */
    private static int tasks(RunConfig config) {
        SparkSettings spark = config.spark();
        int cores = spark.executorCores().orElse(1);
        return spark.gpusPerExecutor() > 0 ? 1 : Math.max(1, cores / threads(config));
    }

    /** Bytes that a run keeps in its directory, and for a while the parts that it makes shards of. */
    public long outputBytes() {
        double parts = cost.stages().stream()
                .filter(stage -> stage.stage().equals("shard"))
                .mapToDouble(stage -> stage.written() - stage.kept())
                .sum();
        return Math.round(sum(StageCost::kept) + parts);
    }

    /** Training operations of this run's student, for each token: what turns tokens a second into operations. */
    public double trainingFlopsPerToken() {
        return cost.trainingFlops();
    }

    /** Tokens a second that one core of this machine makes of the corpus; empty where it cannot be read. */
    public OptionalDouble tokensPerSecond() {
        return cost.corpus().tokensPerSecond();
    }

    /** What it takes, whatever it runs on: for the beginning of a run. */
    public List<String> summary() {
        TrainingPlan plan = cost.plan();
        double kept = cost.stages().stream().mapToDouble(StageCost::kept).sum();
        double flops = cost.stages().stream().mapToDouble(StageCost::flops).sum();
        return List.of(
                text(
                        "corpus of %s; targets (%s) about %,.1f MB",
                        cost.corpus().describe(), TargetCodec.of(cost.config()).name(), cost.targetBytes() / MEGA),
                text(
                        "%,d steps of %d sequences, %,d tokens; %d replicas averaging every %d steps, each with "
                                + "%,.0f MiB"
                                + " outside the heap",
                        plan.numSteps(),
                        plan.batchSequences(),
                        plan.numTokens(),
                        cost.executors(),
                        plan.rounds().localSteps(),
                        distill().memory() / MEBI),
                text(
                        "%,.3f GB of output, %,.3f GB exchanged between replicas, %,.4f PFLOP; estimate says how long",
                        kept / GIGA, distill().exchanged() / GIGA, flops / PETA));
    }

    private StageCost distill() {
        return cost.stages().stream()
                .filter(stage -> stage.stage().equals(RunCost.DISTILL))
                .findFirst()
                .orElseThrow();
    }

    /**
     * The whole estimate, in lines.
     *
     * @param hours that the distillation may take, for the rate that it then needs
     */
    public List<String> lines(StageRates rates, double hours) {
        List<String> lines = new ArrayList<>();
        RunShapes shapes = cost.shapes();
        lines.add(text(
                "models     base %s, teacher %s, student %s parameters; sequences of %,d tokens",
                millions(shapes.base()),
                millions(shapes.teacher()),
                millions(shapes.student()),
                shapes.sequenceLength()));
        lines.add("corpus     " + cost.corpus().describe());
        if (cost.preferences().pairs() > 0) {
            lines.add("pairs      " + cost.preferences().describe());
        } else if (cost.config().dpo().isEnabled()) {
            lines.add("pairs      not counted: dpo.train cannot be read here; give --pairs N");
        }
        lines.add(text("executors  %d, each with one replica on %d threads", cost.executors(), cost.threads()));
        lines.add(text(
                "rates      %s: training %,.0f GFLOP/s an executor, that is %,.0f tokens/s; tokeniser %,.0f "
                        + "tokens/s a core;"
                        + " network %.1f Gbit/s",
                rates.origin(),
                rates.trainingFlops() / GIGA,
                rates.trainingFlops() / cost.trainingFlops(),
                rates.tokensPerSecond(),
                rates.networkBytes() * Byte.SIZE / GIGA));
        lines.add("");
        lines.addAll(table(rates));
        lines.add("");
        lines.addAll(totals(rates, hours));
        return lines;
    }

    private static String millions(ModelConfig model) {
        return text("%,.1f M", ParameterShapes.numParameters(model) / MEGA);
    }

    private List<String> table(StageRates rates) {
        List<String> lines = new ArrayList<>();
        lines.add(text(
                "%-8s %16s %14s %10s %12s %12s %12s %12s",
                "stage", "tokens", "PFLOP", "hours", "GiB/task", "GB kept", "GB written", "GB network"));
        for (StageCost stage : cost.stages()) {
            lines.add(text(
                    "%-8s %,16.0f %,14.3f %,10.2f %,12.2f %,12.2f %,12.2f %,12.2f",
                    stage.stage(),
                    stage.tokens(),
                    stage.flops() / PETA,
                    hours(stage, rates),
                    stage.memory() / GIBI,
                    stage.kept() / GIGA,
                    stage.written() / GIGA,
                    stage.network() / GIGA));
        }
        lines.add(text(
                "%-8s %16s %,14.3f %,10.2f %12s %,12.2f %,12.2f %,12.2f",
                "total",
                "",
                sum(StageCost::flops) / PETA,
                cost.stages().stream().mapToDouble(stage -> hours(stage, rates)).sum(),
                "",
                sum(StageCost::kept) / GIGA,
                sum(StageCost::written) / GIGA,
                sum(StageCost::network) / GIGA));
        return lines;
    }

    private double sum(ToDoubleFunction<StageCost> part) {
        return cost.stages().stream().mapToDouble(part).sum();
    }

    private double hours(StageCost stage, StageRates rates) {
        return stage.seconds(rates, cost.threads()) / HOUR;
    }

    private List<String> totals(StageRates rates, double hours) {
        TrainingPlan plan = cost.plan();
        SparkSettings spark = cost.config().spark();
        StageMemory memory = StageMemory.of(cost.config(), cost.shapes(), cost.threads());
        double each = cost.exchangedByEach(plan, cost.executors());
        double rounds = Math.ceil((double) plan.numSteps() / plan.rounds().localSteps());
        double needed = plan.numTokens() / (hours * HOUR);
        double training = plan.numTokens() * cost.trainingFlops() / (rates.trainingFlops() * cost.executors());
        return List.of(
                text(
                        "memory     %,.1f GiB an executor outside the heap for %d task%s at once, beside a heap of %s",
                        memory.ofExecutor(spark, tasks(cost.config())) / GIBI,
                        tasks(cost.config()),
                        tasks(cost.config()) == 1 ? "" : "s",
                        spark.executorMemory().orElse("Spark's default, 1g")),
                text(
                        "averaging  %,.0f rounds, each %,.2f GB an executor each way and %.1f s; %.1f %% of the "
                                + "distillation",
                        rounds,
                        each / rounds / GIGA,
                        each / rounds / rates.networkBytes(),
                        100 * each / rates.networkBytes() / (training + each / rates.networkBytes())),
                text(
                        "needed     %,.0f tokens/s, %,.1f an executor, to distil in %s hours",
                        needed, needed / cost.executors(), plain(hours)));
    }

    private static String plain(double hours) {
        return hours == Math.rint(hours) ? Long.toString((long) hours) : Double.toString(hours);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
