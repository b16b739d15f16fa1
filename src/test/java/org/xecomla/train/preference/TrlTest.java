package org.xecomla.train.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.DpoConfig;
import org.xecomla.config.Freeze;
import org.xecomla.corpus.shards.PairTokeniser;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.Dtype;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.Replica;

/**
 * Ten pairs on the demo's model: loss, rewards, margins and every gradient are those of TRL's DPOTrainer. Its sigmoid
 * loss has no label smoothing in this version: ours is held by central differences.
 */
@Tag("python")
class TrlTest {
    private static final int NUM_PAIRS = 10;
    private static final int MAX_LENGTH = 256;

    @TempDir
    private Path dir;

    private org.apache.hadoop.fs.Path path(String name) {
        return DataFiles.path(dir.resolve(name).toString());
    }

    private List<DocumentSplit> writePairs() throws Exception {
        ObjectMapper json = new ObjectMapper();
        StoryGrammar grammar = new StoryGrammar(1);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < NUM_PAIRS; i++) {
            StoryGrammar.Fork fork = grammar.fork(i);
            lines.add(json.writeValueAsString(
                    Map.of("prompt", fork.common(), "chosen", fork.happy(), "rejected", fork.unhappy())));
        }
        Files.write(dir.resolve("pairs.jsonl"), lines);
        return PreferenceFiles.splits(List.of(path("pairs.jsonl")), 1 << 30);
    }

    private static void save(org.apache.hadoop.fs.Path out, ModelDirectory model, ParameterStore store) {
        SaveOptions options = new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.of(model.path()));
        ModelDirectory.save(out, model.config(), store, options);
    }

    @ParameterizedTest
    @CsvSource({"SIGMOID, 0.1, 0", "SIGMOID, 0.01, 0", "IPO, 0.1, 0"})
    void lossRewardsAndGradientsAreThoseOfTrl(DpoConfig.Loss form, double beta, double smoothing) throws Exception {
        ModelDirectory model = ModelDirectory.open(DataFiles.path("conf/demo/model"));
        DpoObjective objective = new DpoObjective(new PreferenceLoss(form, beta, smoothing));
        List<TokenPair> pairs;
        try (Tokenizer tokenizer = Tokenizer.openFor(model.config(), model.path())) {
            PairTokeniser tokeniser = new PairTokeniser(
                    tokenizer, Optional.empty(), model.config().vocabSize(), MAX_LENGTH, 128);
            pairs = tokeniser.tokens(writePairs().get(0), 0, NUM_PAIRS);
        }
        try (Kernels kernels = new CpuKernels(2);
                Replica replica = new Replica(
                        model.config(),
                        Freeze.NONE.trainable(),
                        new Replica.Shape(4, MAX_LENGTH),
                        objective,
                        kernels)) {
            List<PreferenceSample> samples = new ArrayList<>();
            model.load(replica.weights());
            try (PairScorer scorer = new PairScorer(replica.model(), MAX_LENGTH, 4)) {
                List<LogProbabilities> reference = scorer.score(pairs);
                for (int i = 0; i < NUM_PAIRS; i++) {
                    samples.add(new PreferenceSample(pairs.get(i), reference.get(i)));
                }
                perturb(replica.weights());
                save(path("policy"), model, replica.weights());
                write(objective.loss(), scorer.values(samples, objective.loss()));
            }
            objective.addGradients(replica, samples, 0);
            saveGradients(model, replica.gradients());
        }
        Process check = new ProcessBuilder(
                        "src/main/scripts/check-dpo",
                        dir.resolve("policy").toString(),
                        "conf/demo/model",
                        dir.resolve("pairs.jsonl").toString(),
                        dir.resolve("ours.json").toString(),
                        dir.resolve("gradients").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, check.waitFor(), said);
        said.lines().filter(line -> line.startsWith("TRL ")).forEach(System.out::println);
    }

    private static void perturb(ParameterStore weights) {
        Random random = new Random(9);
        for (String name : weights.layout().places().keySet()) {
            double[] values = weights.get(name).toDoubles();
            for (int i = 0; i < values.length; i++) {
                values[i] *= 1 + 0.02 * random.nextGaussian();
            }
            weights.get(name).write(values);
        }
    }

    /** As a model directory, which puts rows in the order of Hugging Face. */
    private void saveGradients(ModelDirectory model, ParameterStore gradients) {
        try (ParameterStore store =
                ParameterStore.zeros(CausalLm.layout(model.config(), name -> true), DataType.FLOAT)) {
            store.layout().places().keySet().forEach(name -> store.get(name)
                    .write(gradients.get(name).toDoubles()));
            save(path("gradients"), model, store);
        }
    }

    private void write(PreferenceLoss loss, List<PreferenceLoss.Value> values) throws Exception {
        ObjectNode ours = new ObjectMapper().createObjectNode();
        ours.put("form", loss.form().name().toLowerCase(Locale.ROOT));
        ours.put("beta", loss.beta());
        ours.put("label_smoothing", loss.labelSmoothing());
        ours.put(
                "loss",
                values.stream()
                        .mapToDouble(PreferenceLoss.Value::loss)
                        .average()
                        .orElseThrow());
        values.forEach(value -> {
            ours.withArray("chosen").add(value.chosenReward());
            ours.withArray("rejected").add(value.rejectedReward());
        });
        Files.writeString(dir.resolve("ours.json"), ours.toString());
    }
}
