package org.xecomla.spark.stage;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.EvalConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.errors.ConfigException;
import org.xecomla.eval.EvalDetails;
import org.xecomla.eval.EvalResult;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.eval.tasks.TaskResults;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.report.ResultTable;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.run.Shares;
import org.xecomla.safetensors.Dtype;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.tensor.Kernels;

/**
 * Base, student as it started and student as it ended, on the held-out shards: perplexity, and KL to the teacher. A
 * task scores one model on one range of windows; the sums are added in the order of ranges. Then the multiple-choice
 * tasks of {@code eval.tasks}.
 */
public final class EvalStage extends SparkStage {
    private static final String TEST = "-test"; // behind the name of a model
    public static final String NAME = "eval";
    public static final String KIND = "eval";
    static final String TABLE = "result.json";

    EvalStage() {
        super(
                NAME,
                KIND,
                List.of(ShardStage.NAME, InitStage.NAME, DistillStage.NAME, DpoStage.NAME),
                layout -> List.of(layout.eval()));
    }

    /** A model to score. */
    private record Candidate(String title, String file, Path path) implements Serializable {}

    /** Windows [from, to) of one model. */
    private record Range(int candidate, long from, long to) implements Serializable {}

    /** What was found on some windows. */
    private record Scored(EvalSums sums, EvalDetails details) implements Serializable {
        Scored plus(Scored next) {
            return new Scored(sums.plus(next.sums), details.plus(next.details));
        }
    }

    @Override
    public void check(RunCheck check) {
        EvalConfig eval = check.config().eval();
        check.requireTeacher();
        TaskSource.of(eval);
        eval.tasks().forEach((name, file) -> RunCheck.requireFile("eval.tasks." + name, file));
        eval.fewshot().forEach((name, file) -> RunCheck.requireFile("eval.fewshot." + name, file));
    }

    /** Scores what the run has made and shows the table. */
    @Override
    public void run(StageContext context) {
        StageDirectory output = context.layout().eval();
        List<Candidate> candidates = candidates(context);
        Map<String, Path> models = new LinkedHashMap<>();
        candidates.forEach(c -> models.put(c.title, c.path));
        TaskScoring tasks = new TaskScoring(context);
        Manifest asked = asked(context, models, tasks.settings(), tasks.inputs());
        context.complete(NAME, output, asked, () -> {
            if (tasks.isWanted()) {
                writeTasks(context, tasks, candidates);
            }
            return write(context, candidates);
        });
        show(context, candidates);
        new PreferenceMeasure(context).run();
    }

    private static List<Candidate> candidates(RunContext context) {
        RunConfig config = context.config();
        RunLayout layout = context.layout();
        List<Candidate> candidates = new ArrayList<>(List.of(
                new Candidate("base", "base.json", RunModels.basePath(config)),
                new Candidate(
                        "right after initialisation",
                        "student-init.json",
                        layout.studentInit().path()),
                new Candidate("distilled", "student.json", DistillStage.student(layout))));
        if (config.dpo().isEnabled()) {
            candidates.add(new Candidate("after preferences", "preferred.json", DpoStage.student(config, layout)));
        }
        return candidates;
    }

    /** @param models that are measured, by names of the manifest's */
    private static Manifest asked(
            RunContext context,
            Map<String, Path> models,
            Map<String, String> moreSettings,
            Map<String, String> moreInputs) {
        InputDigests inputs = new InputDigests(context);
        if (models.containsKey("base")) {
            inputs.requireStill("base", models.get("base"), context.layout().studentInit());
        }
        moreInputs.forEach(inputs::digest);
        inputs.stage("shards", context.layout().validShards(), ShardStage.KIND);
        inputs.model("teacher", RunModels.teacherPath(context.config()));
        models.forEach(inputs::model);
        Map<String, String> settings =
                new TreeMap<>(context.config().settings("eval.max-windows", "sweep.test-windows"));
        settings.putAll(moreSettings);
        return context.asked(KIND, settings, inputs.all());
    }

    /** Scores {@code models} one after the other on this thread, by the names of their results. */
    static void runHere(RunContext context, StageDirectory output, Map<String, Path> models) {
        Manifest asked = asked(context, models, Map.of(), Map.of());
        context.complete(NAME, output, asked, () -> {
            RunConfig config = context.config();
            Path tokens = context.layout().validShards().path();
            long numWindows;
            long all;
            try (TokenShards shards = TokenShards.open(tokens)) {
                all = shards.numSequences();
                numWindows = numWindows(config, shards);
            }
            long numTest = config.sweep().testWindows().orElse(0);
            requireApart(numWindows, numTest, all);
            Dtype ofBase = RunModels.base(config).dtype();
            models.forEach((name, path) -> {
                EvalSums sums = scored(config, path, tokens, 0, numWindows).sums;
                DataFiles.writeString(
                        output.file(name + ".json"), result(path, ofBase, sums).toJson());
                if (numTest > 0) {
                    EvalSums test = scored(config, path, tokens, all - numTest, all).sums;
                    DataFiles.writeString(
                            output.file(name + TEST + ".json"),
                            result(path, ofBase, test).toJson());
                }
            });
            return Map.of("models", (long) models.size(), "windows", numWindows);
        });
    }

    private static void requireApart(long numWindows, long numTest, long all) {
        if (numTest > 0 && numWindows + numTest > all) {
            throw new ConfigException("sweep.test-windows = " + numTest + " and the " + numWindows
                    + " windows of eval.max-windows are more than the " + all
                    + " of the validation text, and what is chosen on must not be what is shown: set smaller numbers"
                    + " or give more text");
        }
    }

    /** What {@link #runHere} has found of the model called {@code name} on the windows at the end of the text. */
    static EvalResult test(StageDirectory output, String name) {
        return result(output, name + TEST);
    }

    /** What {@link #runHere} has found of the model called {@code name}. */
    static EvalResult result(StageDirectory output, String name) {
        return EvalResult.fromJson(output.readString(name + ".json"));
    }

    private static EvalResult result(Path model, Dtype ofBase, EvalSums sums) {
        return EvalResult.of(sums, ModelDirectory.open(model).config(), ofBase);
    }

    private static Map<String, Long> write(StageContext context, List<Candidate> candidates) {
        StageDirectory output = context.layout().eval();
        RunConfig config = context.config();
        Path tokens = context.layout().validShards().path();
        long numWindows;
        int sequenceLength;
        try (TokenShards shards = TokenShards.open(tokens)) {
            numWindows = numWindows(config, shards);
            sequenceLength = shards.sequenceLength();
        }
        List<Range> ranges = ranges(context, candidates.size(), numWindows);
        List<Scored> scored;
        long total = numWindows * candidates.size() * sequenceLength;
        try (WorkMeter meter = new WorkMeter(context, NAME, total, "tokens")) {
            LongAccumulator counter = meter.counter();
            scored = context.mapOnModels(NAME, "perplexity and KL", ranges, range -> {
                Scored part = scored(config, candidates.get(range.candidate).path, tokens, range.from, range.to);
                counter.add((range.to - range.from) * sequenceLength);
                return part;
            });
        }
        Dtype ofBase = RunModels.base(config).dtype();
        for (int c = 0; c < candidates.size(); c++) {
            Scored all = null;
            for (int r = 0; r < ranges.size(); r++) {
                if (ranges.get(r).candidate == c) {
                    all = all == null ? scored.get(r) : all.plus(scored.get(r));
                }
            }
            EvalResult result = result(candidates.get(c).path, ofBase, all.sums);
            String file = candidates.get(c).file;
            writeJson(output, file, result.json().setAll(all.details.summary()));
            writeJson(output, with("details", file), all.details.json());
        }
        DataFiles.writeString(output.file(TABLE), table(candidates, output).toJson());
        return Map.of("models", (long) candidates.size(), "windows", numWindows);
    }

    private static void writeTasks(StageContext context, TaskScoring tasks, List<Candidate> candidates) {
        List<TaskResults> results =
                tasks.score(candidates.stream().map(Candidate::path).toList());
        for (int c = 0; c < candidates.size(); c++) {
            writeJson(
                    context.layout().eval(),
                    with("tasks", candidates.get(c).file),
                    results.get(c).json());
            context.console().accept(candidates.get(c).title);
            results.get(c).lines().forEach(context.console());
        }
    }

    /** The file of {@code kind} beside a result's: student-tasks.json beside student.json. */
    private static String with(String kind, String file) {
        return file.replace(".json", "-" + kind + ".json");
    }

    private static void writeJson(StageDirectory output, String file, JsonNode json) {
        DataFiles.writeString(output.file(file), json.toPrettyString() + "\n");
    }

    /** As many ranges of whole batches as tasks run at once, of every model. */
    private static List<Range> ranges(StageContext context, int numCandidates, long numWindows) {
        int batch = context.config().eval().batchSequences();
        long numBatches = (numWindows + batch - 1) / batch;
        int perModel = (int) Math.min(numBatches, context.parallelism());
        List<Range> ranges = new ArrayList<>();
        for (int candidate = 0; candidate < numCandidates; candidate++) {
            for (int r = 0; r < perModel; r++) {
                long from = Shares.start(numBatches, perModel, r) * batch;
                long to = Math.min(numWindows, Shares.start(numBatches, perModel, r + 1) * batch);
                ranges.add(new Range(candidate, from, to));
            }
        }
        return ranges;
    }

    /** How many windows are scored. */
    private static long numWindows(RunConfig config, TokenShards shards) {
        return Math.min(shards.numSequences(), config.eval().maxWindows().orElse(Long.MAX_VALUE));
    }

    /** Scores {@code model} on windows [from, to) of the shards in {@code tokens}, on this thread. */
    private static Scored scored(RunConfig config, Path model, Path tokens, long from, long to) {
        int batch = (int) Math.min(config.eval().batchSequences(), to - from);
        try (TokenShards shards = TokenShards.open(tokens);
                Kernels kernels = TaskKernels.of(config);
                LoadedModel student =
                        LoadedModel.open(RunModels.open(config, model), kernels, shards.sequenceLength());
                LoadedModel reference = LoadedModel.open(RunModels.teacher(config), kernels, shards.sequenceLength());
                Evaluator evaluator =
                        new Evaluator(student.model(), reference.model(), shards.sequenceLength(), batch)) {
            int count = Math.toIntExact(to - from);
            Iterable<TokenSequence> windows = () -> IntStream.range(0, count)
                    .mapToObj(i -> shards.sequence(from + i))
                    .iterator();
            EvalSums sums = evaluator.evaluate(windows);
            return new Scored(sums, evaluator.details());
        }
    }

    private static ResultTable table(List<Candidate> candidates, StageDirectory output) {
        List<EvalResult> results = candidates.stream()
                .map(c -> EvalResult.fromJson(output.readString(c.file)))
                .toList();
        List<ResultTable.Row> rows = IntStream.range(0, candidates.size())
                .mapToObj(i -> new ResultTable.Row(
                        candidates.get(i).title,
                        results.get(i).perplexity(),
                        results.get(i).klToTeacher(),
                        results.get(i).kvElementsPerToken(),
                        results.get(i).kvBytesPerToken()))
                .toList();
        return new ResultTable(
                rows.get(0),
                rows.get(1),
                rows.get(2),
                rows.stream().skip(3).findFirst(),
                results.get(0).kvDtype().torchName());
    }

    private static void show(StageContext context, List<Candidate> candidates) {
        context.console().accept("");
        table(candidates, context.layout().eval()).toText().lines().forEach(context.console());
        context.console().accept("");
    }
}
