package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.PairShards;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.serve.LoadedModel;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.targets.ReferenceShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.preference.PairScorer;

/**
 * What the reference model, the distilled student, says of every pair, as a shard for each pair shard. A task loads the
 * model once for a few shards; a shard that is there, sound, and of this model, tokenizer and pair shard is passed
 * over.
 */
final class ReferenceStage {
    static final String KIND = "reference";

    private final StageContext context;

    ReferenceStage(StageContext context) {
        this.context = context;
    }

    /** Answers the pairs to train on and, where there are some, those to measure on. */
    void run() {
        RunLayout layout = context.layout();
        score(layout.trainPairs(), layout.trainReference());
        if (!context.config().dpo().valid().isEmpty()) {
            score(layout.validPairs(), layout.validReference());
        }
    }

    private void score(StageDirectory pairs, StageDirectory output) {
        Path model = DistillStage.student(context.layout());
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("pairs", InputDigests.ofStage(pairs, PairStage.KIND));
        inputs.put("model", InputDigests.ofModel(model));
        Work work = new Work(context.config(), pairs.path(), output.path(), model, inputs.get("model"));
        context.complete(DpoStage.NAME, output, context.asked(KIND, Map.of(), inputs), () -> write(work));
    }

    private Map<String, Long> write(Work work) {
        ShardPlan plan;
        try (PairShards pairs = PairShards.open(work.pairs)) {
            plan = pairs.plan();
        }
        int numTasks = TeacherStage.numTasks(plan.numShards(), context);
        List<Integer> tasks = IntStream.range(0, numTasks).boxed().toList();
        try (WorkMeter meter = new WorkMeter(
                context.spark(), plan.numSequences(), "pairs", line -> context.say(DpoStage.NAME, line))) {
            LongAccumulator counter = meter.counter();
            context.mapOnModels(DpoStage.NAME, "reference of " + plan.numShards() + " shards", tasks, task -> {
                work.write(TeacherStage.share(plan.numShards(), numTasks, task), counter);
                return task;
            });
        }
        return Map.of("pairs", plan.numSequences(), "shards", (long) plan.numShards());
    }

    /** What the tasks do; only names travel. */
    private record Work(RunConfig config, Path pairs, Path output, Path model, String modelDigest)
            implements Serializable {
        void write(List<Integer> shards, LongAccumulator counter) {
            try (PairShards tokens = PairShards.open(pairs)) {
                ReferenceShards.Spec spec =
                        new ReferenceShards.Spec(tokens.plan(), modelDigest, tokens.tokenizerDigest());
                List<Integer> missing = shards.stream()
                        .filter(shard -> !ReferenceShards.isComplete(output, spec, shard, tokens.digest(shard)))
                        .toList();
                shards.stream()
                        .filter(shard -> !missing.contains(shard))
                        .forEach(shard -> counter.add(spec.plan().numSequencesOf(shard)));
                if (missing.isEmpty()) {
                    return;
                }
                int batch = config.dpo().optimizer().microBatchSequences();
                try (Kernels kernels = TaskKernels.of(config);
                        LoadedModel loaded = LoadedModel.open(model, kernels, tokens.maxLength());
                        PairScorer scorer = new PairScorer(loaded.model(), tokens.maxLength(), batch)) {
                    for (int shard : missing) {
                        ReferenceShards.write(output, spec, shard, tokens.digest(shard), scores(tokens, shard, scorer));
                        counter.add(spec.plan().numSequencesOf(shard));
                    }
                }
            }
        }

        private static List<LogProbabilities> scores(PairShards tokens, int shard, PairScorer scorer) {
            long first = tokens.plan().firstSequence(shard);
            return scorer.score(LongStream.range(first, first + tokens.plan().numSequencesOf(shard))
                    .mapToObj(tokens::read)
                    .toList());
        }
    }
}
