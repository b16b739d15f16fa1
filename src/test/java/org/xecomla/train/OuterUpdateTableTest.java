package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.TokenShards;
import org.xecomla.targets.TargetShards;
import org.xecomla.tensor.CpuKernels;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.Student;

/**
 * What stories260K, made latent, comes to with the same tokens when four replicas come together in different ways, and with
 * one replica: prints the table. 250 steps of 12 windows of 256 tokens in all; {@code -Dmeasure.steps} sets another number.
 */
@Tag("measure")
class OuterUpdateTableTest {
    private static final int NUM_REPLICAS = 4;
    private static final int BATCH = 12;
    private static final int STEPS = Integer.getInteger("measure.steps", 250);
    private static final List<Integer> INTERVALS = List.of(1, 5, 20, 50);

    @TempDir
    java.nio.file.Path temporary;

    private StoriesRecipe stories;
    private List<int[]> text;
    private List<int[]> valid;
    private TokenShards tokens;
    private TargetShards targets;

    private static RunConfig config(String... more) {
        String[] settings = new String[more.length + 4];
        settings[0] = "upcycle.kv-lora-rank=8";
        settings[1] = "upcycle.qk-rope-head-dim=8";
        settings[2] = "distill.micro-batch-sequences=3";
        settings[3] = "distill.tokens=" + (long) STEPS * BATCH * StoriesRecipe.LENGTH;
        System.arraycopy(more, 0, settings, 4, more.length);
        return StoriesRecipe.config(settings);
    }

    /** KL to the teacher on held-out windows at the end. */
    private double train(RunConfig config, int numReplicas) throws Exception {
        try (Student student = stories.student(config, text)) {
            return Replicas.run(numReplicas, averaging -> train(config, student, averaging))
                    .get(0);
        }
    }

    private double train(RunConfig config, Student student, ParameterAveraging averaging) {
        try (Kernels kernels = new CpuKernels(averaging.numReplicas() == 1 ? 2 : 1)) {
            TrainingPlan plan = TrainingPlan.distillation(config, tokens.numSequences(), StoriesRecipe.LENGTH);
            try (TrainingRun<TrainingSequence> run =
                    new TrainingRun<>(plan, LossSettings.distillation(config), student.config(), kernels, averaging)) {
                run.start(weights -> StoriesRecipe.copy(student, weights, kernels));
                run.train(DistillationData.of(tokens, targets, student.config(), 1), List.of());
                return averaging.rank() == 0
                        ? stories.score(run.replica().model(), valid).kl()
                        : 0;
            }
        }
    }

    @BeforeEach
    void open() {
        stories = new StoriesRecipe(temporary);
        text = stories.windows("corpora/tinystories-train.jsonl", 1500);
        valid = stories.windows("corpora/tinystories-valid.jsonl", 10);
        tokens = stories.shard(text);
        targets = stories.teach(tokens);
    }

    @AfterEach
    void close() {
        targets.close();
        tokens.close();
        stories.close();
    }

    @Test
    void waysToComeTogether() throws Exception {
        double large = train(config(), 1);
        print("one replica, whole batch: KL %.4f", large);
        double gradients = train(config("distill.averaged=gradients"), NUM_REPLICAS);
        print("gradients averaged every step: KL %.4f", gradients);
        for (int interval : INTERVALS) {
            String steps = "distill.local-steps=" + interval;
            double plain = train(config(steps), NUM_REPLICAS);
            double diloco =
                    train(config(steps, "distill.outer.learning-rate=0.7", "distill.outer.momentum=0.9"), NUM_REPLICAS);
            print("H %2d: plain KL %.4f, DiLoCo KL %.4f", interval, plain, diloco);
            assertTrue(plain < 1, "plain averaging learns: " + plain);
        }
        assertTrue(Math.abs(gradients - large) < 0.02 * large, "averaged gradients are one large batch");
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
