package org.xecomla.train;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.run.RunModels;
import org.xecomla.targets.TargetShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.StoriesRecipe.Score;
import org.xecomla.train.data.DistillationData;
import org.xecomla.train.data.TrainingSequence;
import org.xecomla.upcycle.Student;

/**
 * One student of a small model, at a quarter of its KV elements, distilled again and again with other settings on the
 * same tokens: for tables. Steps of 12 windows of 256 tokens, 250 of them unless {@code -Dmeasure.steps} sets another
 * number; of stories260K, or of the demo's model where {@code -Dmeasure.model=demo}.
 */
final class StoriesExperiment implements AutoCloseable {
    static final int STEPS = Integer.getInteger("measure.steps", 250);
    private static final int BATCH = 12;
    private static final Source SOURCE = System.getProperty("measure.model", "").equals("demo")
            ? new Source(demo("model"), demo("train.jsonl"), demo("valid.jsonl"), 16)
            : new Source(
                    StoriesRecipe.shared("models/stories260K"),
                    StoriesRecipe.shared("corpora/tinystories-train.jsonl"),
                    StoriesRecipe.shared("corpora/tinystories-valid.jsonl"),
                    8);

    /** @param rank of the latent, and as many dimensions of the rope key */
    private record Source(
            org.apache.hadoop.fs.Path base,
            org.apache.hadoop.fs.Path train,
            org.apache.hadoop.fs.Path valid,
            int rank) {}

    private final StoriesRecipe stories;
    private final List<int[]> text;
    private final List<int[]> valid;
    private final TokenShards tokens;
    private final Map<Double, TargetShards> targets = new HashMap<>();

    /** @param temporary receives shards and targets */
    StoriesExperiment(Path temporary) {
        this(new StoriesRecipe(temporary, SOURCE.base), true, 10);
    }

    /** Measured on the last windows of the held-out text, which nothing was chosen on. */
    static StoriesExperiment onLastWindows(Path temporary, int numWindows) {
        return new StoriesExperiment(new StoriesRecipe(temporary, SOURCE.base), false, numWindows);
    }

    private StoriesExperiment(StoriesRecipe stories, boolean first, int numWindows) {
        this.stories = stories;
        text = stories.windows(SOURCE.train, 1500);
        List<int[]> all = stories.windows(SOURCE.valid, first ? numWindows : Integer.MAX_VALUE);
        valid = all.subList(all.size() - numWindows, all.size());
        tokens = stories.shard(text);
    }

    private static org.apache.hadoop.fs.Path demo(String file) {
        return DataFiles.path("conf/demo/" + file);
    }

    /** @param more {@code key=value} each */
    static RunConfig config(String... more) {
        Stream<String> fixed = Stream.of(
                "base.path=" + SOURCE.base,
                "upcycle.kv-lora-rank=" + SOURCE.rank,
                "upcycle.qk-rope-head-dim=" + SOURCE.rank,
                "distill.micro-batch-sequences=3",
                "distill.tokens=" + (long) STEPS * BATCH * StoriesRecipe.LENGTH);
        return StoriesRecipe.config(Stream.concat(fixed, Stream.of(more)).toArray(String[]::new));
    }

    /** The student on held-out windows at the end. */
    Score distil(RunConfig config, int numReplicas) throws Exception {
        TargetShards taught = targets.computeIfAbsent(
                config.targets().temperature(), temperature -> stories.teach(tokens, temperature));
        try (Student student = stories.student(config, text)) {
            return Replicas.run(numReplicas, averaging -> distil(config, student, taught, averaging))
                    .get(0);
        }
    }

    private Score distil(RunConfig config, Student student, TargetShards taught, ParameterAveraging averaging) {
        TrainingPlan plan = TrainingPlan.distillation(config, tokens.numSequences(), StoriesRecipe.LENGTH);
        try (Kernels kernels = new CpuKernels(averaging.numReplicas() == 1 ? 2 : 1);
                Objective<TrainingSequence> loss =
                        Objectives.distillation(config, plan, student.config(), () -> RunModels.base(config), kernels);
                TrainingRun<TrainingSequence> run =
                        new TrainingRun<>(plan, loss, student.config(), kernels, averaging)) {
            run.start(weights -> StoriesRecipe.copy(student, weights, kernels));
            double temperature = config.targets().temperature();
            run.train(DistillationData.of(tokens, taught, student.config(), temperature), List.of());
            return averaging.rank() == 0
                    ? stories.score(run.replica().model(), valid)
                    : new Score(Double.NaN, Double.NaN);
        }
    }

    @Override
    public void close() {
        targets.values().forEach(TargetShards::close);
        tokens.close();
        stories.close();
    }
}
