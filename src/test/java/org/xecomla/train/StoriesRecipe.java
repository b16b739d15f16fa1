package org.xecomla.train;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.shards.TokenShardWriter;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.corpus.shards.WindowPacker;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.targets.DenseCodec;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShards;
import org.xecomla.teacher.Teacher;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * What it takes to make stories260K latent and to distil it from itself: windows of 256 tokens, dense targets, and a
 * score on held-out ones.
 */
final class StoriesRecipe implements AutoCloseable {
    static final int LENGTH = 256;

    private final java.nio.file.Path temporary;
    private final Kernels kernels = new CpuKernels(2);
    private final Path basePath;
    private final ModelDirectory base;

    /** Perplexity and KL to the base on the validation windows. */
    record Score(double perplexity, double kl) {}

    /** @param temporary receives shards and targets */
    StoriesRecipe(java.nio.file.Path temporary) {
        this(temporary, shared("models/stories260K"));
    }

    /** The same of another base. */
    StoriesRecipe(java.nio.file.Path temporary, Path basePath) {
        this.temporary = temporary;
        this.basePath = basePath;
        this.base = ModelDirectory.open(basePath);
    }

    Kernels kernels() {
        return kernels;
    }

    static Path shared(String name) {
        return DataFiles.path(System.getProperty("shared.dir") + "/" + name);
    }

    List<int[]> windows(String sharedFile, int limit) {
        return windows(shared(sharedFile), limit);
    }

    List<int[]> windows(Path file, int limit) {
        try (Tokenizer tokenizer = Tokenizer.open(basePath)) {
            Packing packing = Packing.of(tokenizer, base.config().vocabSize(), true);
            return WindowPacker.windows(TextDocuments.of(List.of(file)), tokenizer, packing, LENGTH, limit).stream()
                    .map(TokenSequence::ids)
                    .toList();
        }
    }

    private Path scratch(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    TokenShards shard(List<int[]> windows) {
        try (Tokenizer tokenizer = Tokenizer.open(basePath)) {
            Packing packing = Packing.of(tokenizer, base.config().vocabSize(), true);
            TokenShardSpec spec = new TokenShardSpec(new ShardPlan(windows.size(), 500), LENGTH, packing);
            for (int shard = 0; shard < spec.plan().numShards(); shard++) {
                TokenShardWriter.write(scratch("shards"), spec, shard, s -> windows.get((int) s));
            }
        }
        return TokenShards.open(scratch("shards"));
    }

    TargetShards teach(TokenShards tokens, double temperature) {
        String name = "targets-" + temperature;
        TargetShardSpec spec = new TargetShardSpec(
                tokens.plan(),
                LENGTH,
                base.config().vocabSize(),
                new DenseCodec(temperature),
                basePath.getName(),
                tokens.packing());
        try (Teacher teacher = Teacher.open(basePath, kernels, 4, LENGTH)) {
            for (int shard = 0; shard < tokens.numShards(); shard++) {
                teacher.writeShard(tokens, shard, scratch(name), spec, n -> {});
            }
        }
        return TargetShards.open(scratch(name));
    }

    /** @param settings {@code upcycle.} and {@code distill.} keys, each {@code key=value} */
    static RunConfig config(String... settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "run.seed", "1",
                "targets.codec", "dense",
                "distill.tokens", Long.toString(250L * 12 * LENGTH),
                "distill.batch-sequences", "12",
                "distill.micro-batch-sequences", "12",
                "distill.learning-rate", "2e-3",
                "distill.min-learning-rate", "2e-4",
                "distill.warmup-steps", "20",
                "distill.betas", "[0.9, 0.98]",
                "distill.clip", "1"));
        all.put("base.path", shared("models/stories260K").toString());
        for (String setting : settings) {
            all.put(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        if (all.containsKey("distill.recipe")) {
            all.remove("distill.betas"); // the recipe's
        }
        return RunConfig.ofOverrides(all);
    }

    Student student(RunConfig config, List<int[]> text) {
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        return StudentInitializer.make(base, plan, () -> calibration(plan, text), kernels, kernels.type());
    }

    private static List<TokenSequence> calibration(UpcyclePlan plan, List<int[]> text) {
        return text.subList(0, plan.numCalibrationWindows(LENGTH)).stream()
                .map(TokenSequence::of)
                .toList();
    }

    Score score(CausalLm model, List<int[]> windows) {
        ParameterStore weights = Tensors.zeros(CausalLm.layout(base.config(), name -> false), kernels.type());
        base.load(weights);
        try (weights;
                CausalLm teacher = new CausalLm(base.config(), weights, null, kernels, LENGTH);
                Evaluator evaluator = new Evaluator(model, teacher, LENGTH, 5)) {
            EvalSums sums =
                    evaluator.evaluate(windows.stream().map(TokenSequence::of).toList());
            return new Score(Math.exp(sums.lossSum() / sums.numTokens()), sums.klSum() / sums.numKlPositions());
        }
    }

    /** Gives {@code weights} those of {@code student}. */
    static void copy(Student student, ParameterStore weights, Kernels kernels) {
        for (int s = 0; s < weights.segments().size(); s++) {
            kernels.elementwise()
                    .copy(
                            student.weights().segments().get(s),
                            weights.segments().get(s)); // (1, length)
        }
    }

    @Override
    public void close() {
        kernels.close();
    }
}
