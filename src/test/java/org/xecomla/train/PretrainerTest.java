package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;

class PretrainerTest {
    private static final String TOKENIZER = "src/test/resources/tokenizers/byte-level";

    @TempDir
    Path temporary;

    private final Kernels kernels = new CpuKernels(1);

    @BeforeEach
    void writeCorpus() throws IOException {
        String line = "{\"text\": \"the ship sails to the port and the port waits for the ship\"}\n";
        Files.writeString(temporary.resolve("train.jsonl"), line.repeat(60));
        Files.writeString(temporary.resolve("valid.jsonl"), line.repeat(5));
    }

    private RunConfig config(String out, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "run.dir",
                temporary.toString(),
                "run.seed",
                "5",
                "tokenizer.path",
                TOKENIZER,
                "corpus.train",
                "[" + temporary.resolve("train.jsonl") + "]",
                "corpus.valid",
                "[" + temporary.resolve("valid.jsonl") + "]",
                "sequence.length",
                "16",
                "pretrain.out",
                temporary.resolve(out).toString()));
        settings.putAll(Map.of(
                "pretrain.hidden-size", "16",
                "pretrain.intermediate-size", "24",
                "pretrain.num-layers", "2",
                "pretrain.num-heads", "4",
                "pretrain.num-kv-heads", "2",
                "pretrain.tokens", "3840",
                "pretrain.batch-sequences", "8",
                "pretrain.micro-batch-sequences", "5",
                "pretrain.learning-rate", "1e-2",
                "pretrain.checkpoint-every", "10"));
        settings.putAll(more);
        return RunConfig.ofOverrides(settings);
    }

    /** Remembers perplexities, and fails after a step if told to. */
    private static final class Recorder implements TrainListener {
        private final List<Double> perplexities = new ArrayList<>();
        private final long failAfter;
        private double firstLoss;
        private double lastLoss;

        Recorder(long failAfter) {
            this.failAfter = failAfter;
        }

        @Override
        public void onStep(StepMetrics metrics) {
            firstLoss = metrics.step() == 1 ? metrics.loss() : firstLoss;
            lastLoss = metrics.loss();
            if (metrics.step() == failAfter) {
                throw new IllegalStateException("the power fails");
            }
        }

        @Override
        public void onValidation(long step, double perplexity) {
            perplexities.add(perplexity);
        }
    }

    private Recorder pretrain(RunConfig config, long failAfter) {
        Recorder recorder = new Recorder(failAfter);
        TrainingProgress end = new Pretrainer(config, "test", kernels).run(List.of(recorder));
        assertEquals(new TrainingProgress(30, 240, 3840), end);
        return recorder;
    }

    private float[] weights(String out) {
        ModelDirectory model =
                ModelDirectory.open(DataFiles.path(temporary.resolve(out).toString()));
        return model.read(ParameterNames.EMBEDDING);
    }

    @Test
    void learnsItsTextAndWritesAModelThatLoads() {
        Recorder recorder = pretrain(config("a", Map.of()), -1);
        assertTrue(recorder.lastLoss < recorder.firstLoss / 2, recorder.firstLoss + " to " + recorder.lastLoss);
        assertEquals(3, recorder.perplexities.size());
        assertTrue(recorder.perplexities.get(2) < recorder.perplexities.get(0), "" + recorder.perplexities);

        ModelDirectory model =
                ModelDirectory.open(DataFiles.path(temporary.resolve("a").toString()));
        assertEquals(Dtype.BF16, model.dtype());
        assertEquals(
                new AttentionConfig.Gqa(4, 2, 4, RopeScaling.NONE),
                model.config().attention().get(1));
        assertTrue(Files.exists(temporary.resolve("a/tokenizer.json")));
        assertTrue(Files.exists(temporary.resolve("a/_SUCCESS")));
        assertFalse(Files.exists(temporary.resolve("a-checkpoints")));
        try (ParameterStore store = Tensors.zeros(CausalLm.layout(model.config(), name -> false), ElementType.FLOAT)) {
            model.load(store);
            assertTrue(store.get(ParameterNames.FINAL_NORM).get(0, 0) > 0.5);
        }
    }

    @Test
    void stoppedAndResumedEqualsUninterrupted() {
        pretrain(config("a", Map.of()), -1);
        assertThrows(IllegalStateException.class, () -> pretrain(config("b", Map.of()), 15));
        assertFalse(Files.exists(temporary.resolve("b/_SUCCESS")));
        Recorder resumed = pretrain(config("b", Map.of()), -1);
        assertEquals(0, resumed.firstLoss, "it went on and did not begin again");
        assertArrayEquals(weights("a"), weights("b"));
    }

    @Test
    void aFinishedModelIsLeftAloneAndAnotherConfigurationsRefused() {
        pretrain(config("a", Map.of()), -1);
        assertEquals(0, pretrain(config("a", Map.of()), -1).lastLoss, "nothing is trained again");
        UserException failure = assertThrows(
                UserException.class, () -> pretrain(config("a", Map.of("pretrain.learning-rate", "2e-2")), -1));
        assertTrue(failure.getMessage().contains("pretrain.learning-rate"), failure.getMessage());
    }

    @Test
    void tooFewTokensForAStepIsSaid() {
        ConfigException failure =
                assertThrows(ConfigException.class, () -> pretrain(config("a", Map.of("pretrain.tokens", "100")), -1));
        assertTrue(failure.getMessage().contains("pretrain.tokens = 100"), failure.getMessage());
        assertTrue(failure.getMessage().contains("pretrain.batch-sequences = 8"), failure.getMessage());
    }
}
