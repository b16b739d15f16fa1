package org.xecomla.spark.stage;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.eval.EvalDetails;
import org.xecomla.eval.EvalResult;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.eval.tasks.TaskResults;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.report.ResultTable;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.serve.LoadedModel;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.tensor.Kernels;

/**
 * Base, student as it started and student as it ended, on the held-out shards: perplexity, and KL to the teacher. A
 * task scores one model on one range of windows; the sums are added in the order of ranges. Then the multiple-choice
 * tasks of {@code eval.tasks}.
 */
public final class EvalStage {
    static final String NAME = "eval";
    public static final String KIND = "eval";
    static final String TABLE = "result.json";

    private final StageContext context;

    public EvalStage(StageContext context) {
        this.context = context;
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

    /** Scores what the run has made and shows the table. */
    public void run() {
        RunLayout layout = context.layout();
        List<Candidate> candidates = new ArrayList<>(List.of(
                new Candidate(
                        "base", "base.json", RunModels.base(context.config()).path()),
                new Candidate(
                        "right after initialisation",
                        "student-init.json",
                        layout.studentInit().path()),
                new Candidate("distilled", "student.json", DistillStage.student(layout))));
        if (context.config().dpo().isEnabled()) {
            candidates.add(
                    new Candidate("after preferences", "preferred.json", DpoStage.student(context.config(), layout)));
        }
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("shards", InputDigests.ofStage(layout.validShards(), ShardStage.KIND));
        inputs.put(
                "teacher",
                InputDigests.ofModel(RunModels.teacher(context.config()).path()));
        candidates.forEach(c -> inputs.put(c.title, InputDigests.ofModel(c.path)));
        TaskScoring tasks = new TaskScoring(context);
        inputs.putAll(tasks.inputs());
        Map<String, String> settings = new TreeMap<>(context.config().settings("eval.max-windows"));
        settings.putAll(tasks.settings());
        context.complete(NAME, layout.eval(), context.asked(KIND, settings, inputs), () -> {
            if (tasks.isWanted()) {
                writeTasks(tasks, candidates, layout.eval());
            }
            return write(candidates, layout.eval());
        });
        show(candidates, layout.eval());
        new PreferenceMeasure(context).run();
    }

    private Map<String, Long> write(List<Candidate> candidates, StageDirectory output) {
        RunConfig config = context.config();
        Path tokens = context.layout().validShards().path();
        long numWindows;
        int sequenceLength;
        try (TokenShards shards = TokenShards.open(tokens)) {
            numWindows = numWindows(config, shards);
            sequenceLength = shards.sequenceLength();
        }
        List<Range> ranges = ranges(candidates.size(), numWindows);
        List<Scored> scored;
        long total = numWindows * candidates.size() * sequenceLength;
        try (WorkMeter meter = new WorkMeter(context.spark(), total, "tokens", line -> context.say(NAME, line))) {
            LongAccumulator counter = meter.counter();
            scored = context.mapOnModels(NAME, "perplexity and KL", ranges, range -> {
                Scored part = scored(config, candidates.get(range.candidate).path, tokens, range.from, range.to);
                counter.add((range.to - range.from) * sequenceLength);
                return part;
            });
        }
        for (int c = 0; c < candidates.size(); c++) {
            Scored all = null;
            for (int r = 0; r < ranges.size(); r++) {
                if (ranges.get(r).candidate == c) {
                    all = all == null ? scored.get(r) : all.plus(scored.get(r));
                }
            }
            ModelDirectory model = ModelDirectory.open(candidates.get(c).path);
            EvalResult result = EvalResult.of(
                    all.sums, model.config(), RunModels.base(config).dtype());
            String file = candidates.get(c).file;
            writeJson(output, file, result.json().setAll(all.details.summary()));
            writeJson(output, with("details", file), all.details.json());
        }
        DataFiles.writeString(output.file(TABLE), table(candidates, output).toJson());
        return Map.of("models", (long) candidates.size(), "windows", numWindows);
    }

    private void writeTasks(TaskScoring tasks, List<Candidate> candidates, StageDirectory output) {
        List<TaskResults> results =
                tasks.score(candidates.stream().map(Candidate::path).toList());
        for (int c = 0; c < candidates.size(); c++) {
            writeJson(
                    output,
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
    private List<Range> ranges(int numCandidates, long numWindows) {
        int batch = context.config().eval().batchSequences();
        long numBatches = (numWindows + batch - 1) / batch;
        int perModel = (int) Math.min(numBatches, context.parallelism());
        List<Range> ranges = new ArrayList<>();
        for (int candidate = 0; candidate < numCandidates; candidate++) {
            for (int r = 0; r < perModel; r++) {
                long from = numBatches * r / perModel * batch;
                long to = Math.min(numWindows, numBatches * (r + 1) / perModel * batch);
                ranges.add(new Range(candidate, from, to));
            }
        }
        return ranges;
    }

    /** How many windows are scored. */
    static long numWindows(RunConfig config, TokenShards shards) {
        return Math.min(shards.numSequences(), config.eval().maxWindows().orElse(Long.MAX_VALUE));
    }

    /** Scores {@code model} on windows [from, to) of the shards in {@code tokens}, on this thread. */
    static EvalSums score(RunConfig config, Path model, Path tokens, long from, long to) {
        return scored(config, model, tokens, from, to).sums;
    }

    private static Scored scored(RunConfig config, Path model, Path tokens, long from, long to) {
        Path teacher = DataFiles.path(config.models().requireTeacher());
        int batch = (int) Math.min(config.eval().batchSequences(), to - from);
        try (TokenShards shards = TokenShards.open(tokens);
                Kernels kernels = TaskKernels.of(config);
                LoadedModel student = LoadedModel.open(model, kernels, shards.sequenceLength());
                LoadedModel reference = LoadedModel.open(teacher, kernels, shards.sequenceLength());
                Evaluator evaluator =
                        new Evaluator(student.model(), reference.model(), shards.sequenceLength(), batch)) {
            int count = Math.toIntExact(to - from);
            Iterable<TokenSequence> windows = () -> IntStream.range(0, count)
                    .mapToObj(i -> shards.sequence(from + i))
                    .iterator();
            EvalSums sums = evaluator.evaluateLearned(windows);
            return new Scored(sums, evaluator.details());
        }
    }

    private static ResultTable table(List<Candidate> candidates, StageDirectory output) {
        List<EvalResult> results = candidates.stream()
                .map(c -> EvalResult.fromJson(DataFiles.readString(output.file(c.file))))
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

    private void show(List<Candidate> candidates, StageDirectory output) {
        context.console().accept("");
        table(candidates, output).toText().lines().forEach(context.console());
        context.console().accept("");
    }
}
