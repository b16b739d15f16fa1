package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.EvalConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.eval.tasks.Continuation;
import org.xecomla.eval.tasks.ContinuationEncoder;
import org.xecomla.eval.tasks.ContinuationScorer;
import org.xecomla.eval.tasks.LogLikelihood;
import org.xecomla.eval.tasks.TaskResults;
import org.xecomla.eval.tasks.TaskSet;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;
import org.xecomla.run.Shares;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.tensor.Kernels;

/**
 * Multiple-choice tasks of {@code eval.tasks} over the cluster. The driver reads the questions and makes their prompts,
 * so that examples are drawn in the harness's order; a task scores one model on a share of them.
 */
final class TaskScoring {
    private final StageContext context;
    private final List<TaskSource> sources;

    /** @throws org.xecomla.errors.ConfigException where a task is unknown */
    TaskScoring(StageContext context) {
        this.context = context;
        this.sources = TaskSource.of(context.config().eval());
    }

    /** Some prompts for one model. */
    private record Share(int model, List<Continuation> continuations) implements Serializable {}

    boolean isWanted() {
        return !sources.isEmpty();
    }

    /** What decides the scores, for the stage's manifest; empty without tasks. */
    Map<String, String> settings() {
        return isWanted()
                ? context.config()
                        .settings("eval.tasks", "eval.fewshot", "eval.num-fewshot", "eval.limit", "eval.max-length")
                : Map.of();
    }

    /** Digests of the tasks' files. */
    Map<String, String> inputs() {
        Map<String, String> inputs = new TreeMap<>();
        for (TaskSource source : sources) {
            String name = "task " + source.task().taskName();
            inputs.put(name, DataFiles.sha256(source.file()));
            source.examples().ifPresent(examples -> inputs.put(name + " examples", DataFiles.sha256(examples)));
        }
        return inputs;
    }

    /** The results of each of {@code models}, in their order. */
    List<TaskResults> score(List<Path> models) {
        RunConfig config = context.config();
        EvalConfig eval = config.eval();
        TaskSet set = TaskSet.read(sources, eval.numFewshot(), eval.limit());
        int maxLength = models.stream()
                .mapToInt(path -> eval.maxLengthFor(ModelDirectory.open(path).config()))
                .min()
                .orElseThrow();
        List<Continuation> prompts = encode(set, maxLength);
        List<Share> shares = shares(prompts, models.size());
        long total = ContinuationScorer.numTokens(prompts) * models.size();
        List<List<LogLikelihood>> answers;
        try (WorkMeter meter = new WorkMeter(context, EvalStage.NAME, total, "tokens")) {
            LongAccumulator counter = meter.counter();
            answers = context.mapOnModels(EvalStage.NAME, "tasks", shares, share -> {
                List<LogLikelihood> some = answer(config, models.get(share.model), maxLength, share.continuations);
                counter.add(ContinuationScorer.numTokens(share.continuations));
                return some;
            });
        }
        List<TaskResults> results = new ArrayList<>();
        for (int model = 0; model < models.size(); model++) {
            List<LogLikelihood> own = new ArrayList<>();
            for (int s = 0; s < shares.size(); s++) {
                own.addAll(shares.get(s).model == model ? answers.get(s) : List.of());
            }
            results.add(TaskResults.of(set, own, models.get(model), maxLength));
        }
        return results;
    }

    private List<Continuation> encode(TaskSet set, int maxLength) {
        ModelConfig base = RunModels.base(context.config()).config();
        try (RunTokenizer tokenizer = RunTokenizer.open(context.config(), base)) {
            return new ContinuationEncoder(tokenizer.tokenizer(), maxLength).encode(set.prompts());
        }
    }

    /** As many shares of every model as tasks run at once. */
    private List<Share> shares(List<Continuation> prompts, int numModels) {
        int perModel = Math.min(prompts.size(), context.parallelism());
        List<Share> shares = new ArrayList<>();
        for (int model = 0; model < numModels; model++) {
            for (int s = 0; s < perModel; s++) {
                int from = (int) Shares.start(prompts.size(), perModel, s);
                int to = (int) Shares.start(prompts.size(), perModel, s + 1);
                shares.add(new Share(model, new ArrayList<>(prompts.subList(from, to))));
            }
        }
        return shares;
    }

    private static List<LogLikelihood> answer(
            RunConfig config, Path model, int maxLength, List<Continuation> continuations) {
        try (Kernels kernels = TaskKernels.of(config);
                LoadedModel loaded = LoadedModel.open(RunModels.open(config, model), kernels, maxLength)) {
            return new ContinuationScorer(loaded.model(), config.eval().batchSequences()).score(continuations);
        }
    }
}
