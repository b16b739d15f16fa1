package org.xecomla.train.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.cli.Main;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/**
 * Ten pairs on the demo's model: tokens, loss, rewards, margins and every gradient are those of TRL's DPOTrainer. Its
 * sigmoid loss has no label smoothing in this version: ours is held by central differences.
 */
@Tag("python")
class TrlTest {
    private static final int NUM_PAIRS = 10;
    private static final Path DEMO = Path.of("conf/demo/model");

    @TempDir
    private Path dir;

    private void writePairs() throws Exception {
        ObjectMapper json = new ObjectMapper();
        StoryGrammar grammar = new StoryGrammar(1);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < NUM_PAIRS; i++) {
            StoryGrammar.Fork fork = grammar.fork(i);
            // So short that the model takes them in the letters of a small tokenizer too.
            String prompt = fork.common()
                    .substring(fork.common().lastIndexOf(' ', fork.common().length() - 60) + 1);
            lines.add(json.writeValueAsString(
                    Map.of("prompt", prompt, "chosen", fork.happy(), "rejected", fork.unhappy())));
        }
        Files.write(dir.resolve("pairs.jsonl"), lines);
    }

    @ParameterizedTest
    @CsvSource({"sigmoid, own, 0.1", "sigmoid, byte-fallback, 0.01", "ipo, own, 0.1"})
    void tokensLossRewardsAndGradientsAreThoseOfTrl(String loss, String tokenizer, double beta) throws Exception {
        writePairs();
        Path base = base(tokenizer);
        perturb(ModelDirectory.open(DataFiles.path(base.toString())));
        String policy = dir.resolve("policy").toString();
        String pairs = dir.resolve("pairs.jsonl").toString();
        String ours = dir.resolve("ours").toString();
        int code = Main.commandLine()
                .execute(
                        "preferences",
                        "--model=" + policy,
                        "--reference=" + base,
                        "--pairs=" + pairs,
                        "--out=" + ours,
                        "-Ddpo.loss=" + loss,
                        "-Ddpo.beta=" + beta);
        assertEquals(0, code);
        Process check = new ProcessBuilder("src/main/scripts/check-dpo", policy, base.toString(), pairs, ours)
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, check.waitFor(), said);
        said.lines().filter(line -> line.startsWith("TRL ")).forEach(System.out::println);
    }

    /** The demo's model with its own tokenizer, or with one of fewer ids that marks the beginning of a text. */
    private Path base(String tokenizer) throws Exception {
        if (tokenizer.equals("own")) {
            return DEMO;
        }
        Path base = Files.createDirectories(dir.resolve("base"));
        Files.copy(DEMO.resolve("model.safetensors"), base.resolve("model.safetensors"));
        ObjectMapper json = new ObjectMapper();
        ObjectNode config =
                (ObjectNode) json.readTree(DEMO.resolve("config.json").toFile());
        config.put("bos_token_id", 1).put("eos_token_id", 2);
        json.writeValue(base.resolve("config.json").toFile(), config);
        Path from = Path.of("src/test/resources/tokenizers", tokenizer);
        JsonNode words = json.readTree(from.resolve("tokenizer.json").toFile());
        // Where tokens go on after a blank, TRL warns that it cannot tell where answers begin.
        for (Iterator<JsonNode> merges = words.path("model").path("merges").elements(); merges.hasNext(); ) {
            JsonNode merge = merges.next();
            if ((merge.path(0).asText() + merge.path(1).asText()).indexOf('\u2581', 1) > 0) {
                merges.remove();
            }
        }
        json.writeValue(base.resolve("tokenizer.json").toFile(), words);
        Files.writeString(
                base.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", \"bos_token\": \"<s>\", \"eos_token\":"
                        + " \"</s>\"}");
        return base;
    }

    /** The policy: not quite the reference. */
    private void perturb(ModelDirectory model) {
        Random random = new Random(9);
        try (ParameterStore weights = Tensors.zeros(CausalLm.layout(model.config(), name -> true), ElementType.FLOAT)) {
            model.load(weights);
            for (String name : weights.layout().places().keySet()) {
                double[] values = weights.get(name).toDoubles();
                for (int i = 0; i < values.length; i++) {
                    values[i] *= 1 + 0.02 * random.nextGaussian();
                }
                weights.get(name).write(values);
            }
            SaveOptions options = SaveOptions.of(Dtype.F32, model.path());
            ModelDirectory.save(DataFiles.path(dir.resolve("policy").toString()), model.config(), weights, options);
        }
    }
}
