package org.xecomla.spark.stage;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.eval.EvalResult;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.report.Frontier;
import org.xecomla.report.SvgChart;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.train.TrainingPlan;

/**
 * Many small runs as one job, a task each, over the same shards and the same targets; the base is measured beside them.
 * What came out is written as a table and a plot. A finished run is kept, so that a sweep that was stopped, or that is
 * given another value, does only what is missing.
 */
public final class SweepStage extends SparkStage {
    static final String NAME = "sweep";
    private static final String KIND = "frontier";
    private static final String BASE = "base";

    SweepStage() {
        super(NAME, KIND, List.of(ShardStage.NAME), layout -> List.of(layout.frontier()));
    }

    @Override
    public boolean isOfRun() {
        return false;
    }

    @Override
    public List<RunConfig> variants(RunConfig config) {
        return SweepRun.all(config).stream().map(SweepRun::config).toList();
    }

    @Override
    public void check(RunCheck check) {
        check.requireTeacher();
        variants(check.config()).forEach(check::requireTargets);
    }

    /** Makes the targets of every codec, then all runs, then table and plot. */
    @Override
    public void run(StageContext context) {
        List<SweepRun> runs = SweepRun.all(context.config());
        for (SweepRun one : distinctTargets(runs)) {
            new TeacherStage().run(context.with(one.config(), one.layout()));
        }
        List<Long> tokens = new ArrayList<>();
        try (TokenShards shards =
                TokenShards.open(context.layout().trainShards().path())) {
            for (SweepRun one : runs) {
                tokens.add(TrainingPlan.distillation(one.config(), shards.numSequences(), shards.sequenceLength())
                        .numTokens());
            }
        }
        context.say(NAME, runs.size() + " runs of " + String.format(Locale.ROOT, "%,d tokens", total(tokens)));
        train(context, runs, tokens);
        show(context, runs, tokens);
    }

    private static List<SweepRun> distinctTargets(List<SweepRun> runs) {
        Map<Path, SweepRun> byTargets = new TreeMap<>();
        runs.forEach(one -> byTargets.putIfAbsent(one.layout().targets().path(), one));
        return List.copyOf(byTargets.values());
    }

    private static long total(List<Long> tokens) {
        return tokens.stream().mapToLong(Long::longValue).sum();
    }

    /** Task number {@code runs.size()} measures the base. */
    private static void train(StageContext context, List<SweepRun> runs, List<Long> tokens) {
        List<SweepRun> items = List.copyOf(runs);
        List<Integer> numbers = IntStream.rangeClosed(0, items.size()).boxed().toList();
        List<Long> tokensOf = List.copyOf(tokens);
        RunConfig config = context.config();
        RunLayout layout = context.layout();
        try (WorkMeter meter = new WorkMeter(context, NAME, total(tokens), "tokens")) {
            LongAccumulator counter = meter.counter();
            context.mapOnModels(NAME, items.size() + " runs", numbers, number -> {
                if (number == items.size()) {
                    RunContext quiet = new RunContext(config, layout, line -> {});
                    Map<String, Path> base = Map.of(BASE, RunModels.basePath(config));
                    EvalStage.runHere(quiet, layout.ofSweep(BASE).eval(), base);
                } else {
                    SweepTask.of(items.get(number), counter).run(tokensOf.get(number));
                }
                return number;
            });
        }
    }

    private static void show(StageContext context, List<SweepRun> runs, List<Long> tokens) {
        StageDirectory ofBaseAlone = context.layout().ofSweep(BASE).eval();
        EvalResult ofBase = context.config().sweep().testWindows().isPresent()
                ? EvalStage.test(ofBaseAlone, BASE)
                : EvalStage.result(ofBaseAlone, BASE);
        List<Frontier.Run> found = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            found.add(found(runs.get(i), tokens.get(i)));
        }
        Frontier frontier = new Frontier(ofBase.kvDtype().torchName(), model(ofBase), found);
        write(context, runs, frontier);
        context.console().accept("");
        frontier.toText().lines().forEach(context.console());
        context.console().accept("");
        context.say(
                NAME,
                "table and plot are in "
                        + DataFiles.display(context.layout().frontier().path()));
    }

    private static Frontier.Run found(SweepRun run, long tokens) {
        StageDirectory eval = run.layout().eval();
        int rank = 0;
        int rope = 0;
        for (AttentionConfig layer :
                ModelDirectory.open(run.layout().studentInit().path()).config().attention()) {
            if (layer instanceof AttentionConfig.Mla latent) {
                rank = Math.max(rank, latent.kvLoraRank());
                rope = Math.max(rope, latent.qkRopeHeadDim());
            } else if (layer instanceof AttentionConfig.LowRankGqa lowRank) {
                rank = Math.max(rank, lowRank.kvElementsPerToken());
            }
        }
        EvalResult chosenOn = EvalStage.result(eval, SweepTask.STUDENT);
        boolean tested = run.config().sweep().testWindows().isPresent();
        return new Frontier.Run(
                run.name(),
                SweepRun.kebab(run.config().upcycle().method()),
                SweepRun.kebab(run.config().targets().codec()),
                tokens,
                rank,
                rope,
                run.recipe(),
                run.choice(),
                run.config().run().seed(),
                chosenOn.klToTeacher().orElse(Double.NaN),
                model(tested ? EvalStage.test(eval, SweepTask.START) : EvalStage.result(eval, SweepTask.START)),
                model(tested ? EvalStage.test(eval, SweepTask.STUDENT) : chosenOn));
    }

    private static Frontier.Model model(EvalResult result) {
        return new Frontier.Model(
                result.perplexity(),
                result.klToTeacher().orElse(Double.NaN),
                result.kvElementsPerToken(),
                result.kvBytesPerToken());
    }

    /** Always anew: it costs nothing, and a sweep may have been given another value. */
    private static void write(StageContext context, List<SweepRun> runs, Frontier frontier) {
        StageDirectory output = context.layout().frontier();
        DataFiles.delete(output.path());
        InputDigests inputs = new InputDigests(context);
        runs.forEach(one -> inputs.stage(one.name(), one.layout().whole(), SweepTask.KIND));
        Manifest asked = context.asked(KIND, context.config().settings(NAME), inputs.all());
        output.begin(asked);
        DataFiles.writeString(output.file(Frontier.FILE), frontier.toJson());
        DataFiles.writeString(output.file("frontier.txt"), frontier.toText());
        DataFiles.writeString(output.file("frontier.svg"), SvgChart.file(frontier.charts()));
        output.complete(
                asked,
                Map.of("runs", (long) runs.size()),
                Optional.ofNullable(context.control().fence()));
    }
}
