package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.PairShards;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.LoadedModel;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.driver.WorkMeter;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.targets.ReferenceShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.preference.PairScorer;

/**
 * What the reference model, the distilled student, says of every pair, as a shard for each pair shard: a step of the
 * stage.
 */
final class ReferenceStep {
    static final String KIND = "reference";

    private final StageContext context;

    ReferenceStep(StageContext context) {
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
        InputDigests inputs = new InputDigests(context);
        inputs.stage("pairs", pairs, PairStep.KIND);
        inputs.model("model", model);
        Answers answers = new Answers(context.config(), pairs.path(), output.path(), model, inputs.get("model"));
        context.complete(DpoStage.NAME, output, context.asked(KIND, Map.of(), inputs.all()), () -> write(answers));
    }

    private Map<String, Long> write(Answers answers) {
        try (PairShards pairs = answers.open();
                WorkMeter meter =
                        new WorkMeter(context, DpoStage.NAME, pairs.plan().numSequences(), "pairs")) {
            ShardPlan plan = pairs.plan();
            ShardAnswers.complete(context, DpoStage.NAME, "reference", plan, meter, answers);
            return Map.of("pairs", plan.numSequences(), "shards", (long) plan.numShards());
        }
    }

    private record Answers(RunConfig config, Path pairs, Path output, Path model, String modelDigest)
            implements ShardAnswers<PairShards> {
        @Override
        public PairShards open() {
            return PairShards.open(pairs);
        }

        private ReferenceShards.Spec spec(PairShards tokens) {
            return new ReferenceShards.Spec(tokens.plan(), modelDigest, tokens.tokenizerDigest());
        }

        @Override
        public IntPredicate answered(PairShards tokens) {
            ReferenceShards.Spec spec = spec(tokens);
            return shard -> ReferenceShards.isComplete(output, spec, shard, tokens.digest(shard));
        }

        @Override
        public long units(PairShards tokens, int shard) {
            return tokens.plan().numSequencesOf(shard);
        }

        @Override
        public void answer(PairShards tokens, List<Integer> missing, LongConsumer done) {
            ReferenceShards.Spec spec = spec(tokens);
            int batch = config.dpo().optimizer().microBatchSequences();
            try (Kernels kernels = TaskKernels.of(config);
                    LoadedModel loaded = LoadedModel.open(model, kernels, tokens.maxLength());
                    PairScorer scorer = new PairScorer(loaded.model(), tokens.maxLength(), batch)) {
                for (int shard : missing) {
                    ReferenceShards.write(output, spec, shard, tokens.digest(shard), scores(tokens, shard, scorer));
                    done.accept(units(tokens, shard));
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
