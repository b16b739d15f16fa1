package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.PairShards;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.LoadedModel;
import org.xecomla.run.RunLayout;
import org.xecomla.run.Shares;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.targets.ReferenceShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.preference.PairScorer;
import org.xecomla.train.preference.PreferenceLoss;
import org.xecomla.train.preference.PreferenceResult;
import org.xecomla.train.preference.PreferenceSample;

/** What the student of the preference stage makes of held-out preferences: a task scores some shards. */
final class PreferenceMeasure {
    static final String KIND = "preference-eval";
    static final String RESULT = "preferences.json";

    private final StageContext context;

    PreferenceMeasure(StageContext context) {
        this.context = context;
    }

    /** Measures and shows, where there are held-out preferences. */
    void run() {
        RunLayout layout = context.layout();
        RunConfig config = context.config();
        if (!config.dpo().isEnabled() || config.dpo().valid().isEmpty()) {
            return;
        }
        Path student = DpoStage.student(config, layout);
        InputDigests inputs = new InputDigests(context);
        inputs.stage("pairs", layout.validPairs(), PairStep.KIND);
        inputs.stage("reference", layout.validReference(), ReferenceStep.KIND);
        inputs.model("student", student);
        Work work = new Work(
                config, layout.validPairs().path(), layout.validReference().path(), student);
        StageDirectory output = layout.preferenceEval();
        Map<String, String> settings = config.settings("dpo.loss", "dpo.beta", "dpo.label-smoothing");
        context.complete(
                EvalStage.NAME, output, context.asked(KIND, settings, inputs.all()), () -> write(work, output));
        PreferenceResult result = PreferenceResult.fromJson(output.readString(RESULT));
        context.console()
                .accept(String.format(
                        Locale.ROOT,
                        "held-out preferences: %.1f %% of %,d pairs the right way round, margin %.4f (before: 0), "
                                + "loss %.4f",
                        100 * result.accuracy(),
                        result.numPairs(),
                        result.margin(),
                        result.loss()));
    }

    private Map<String, Long> write(Work work, StageDirectory output) {
        int numShards;
        try (PairShards pairs = PairShards.open(work.pairs)) {
            numShards = pairs.plan().numShards();
        }
        int numTasks = Shares.numLoads(numShards, context.parallelism());
        List<Integer> tasks = IntStream.range(0, numTasks).boxed().toList();
        List<PreferenceResult> parts = context.mapOnModels(
                EvalStage.NAME,
                "held-out preferences",
                tasks,
                task -> work.score(Shares.of(numShards, numTasks, task)));
        PreferenceResult all = parts.stream().reduce(PreferenceResult::plus).orElseThrow();
        DataFiles.writeString(output.file(RESULT), all.toJson());
        return Map.of("pairs", all.numPairs());
    }

    /** What the tasks do; only names travel. */
    private record Work(RunConfig config, Path pairs, Path reference, Path model) implements Serializable {
        PreferenceResult score(List<Integer> shards) {
            List<PreferenceLoss.Value> values = new ArrayList<>();
            PreferenceLoss loss = PreferenceLoss.of(config.dpo());
            try (PairShards tokens = PairShards.open(pairs);
                    ReferenceShards scores = ReferenceShards.open(reference);
                    Kernels kernels = TaskKernels.of(config);
                    LoadedModel loaded = LoadedModel.open(model, kernels, tokens.maxLength());
                    PairScorer scorer = new PairScorer(
                            loaded.model(),
                            tokens.maxLength(),
                            config.dpo().optimizer().microBatchSequences())) {
                for (int shard : shards) {
                    long first = tokens.plan().firstSequence(shard);
                    List<PreferenceSample> samples = LongStream.range(
                                    first, first + tokens.plan().numSequencesOf(shard))
                            .mapToObj(pair -> new PreferenceSample(tokens.read(pair), scores.read(pair)))
                            .toList();
                    values.addAll(scorer.values(samples, loss));
                }
            }
            return PreferenceResult.of(values);
        }
    }
}
