package org.xecomla.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.corpus.tokenizer.BpeTrainer;
import org.xecomla.corpus.tokenizer.BpeVocabulary;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.nn.CausalLm;
import org.xecomla.run.RunLayout;
import org.xecomla.safetensors.Dtype;
import org.xecomla.spark.stage.DistillStage;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** A whole run in little: a corpus of stories, a tokenizer trained on them, and a base of random weights to upcycle. */
public final class TinyRun {
    public static final int SEQUENCE_LENGTH = 32;
    private static final int VOCAB = 400;
    private static final int NUM_STORIES = 60;

    private final Path dir;

    private TinyRun(Path dir) {
        this.dir = dir;
    }

    /** Writes corpus, tokenizer and base into {@code dir}. */
    public static TinyRun in(Path dir) throws Exception {
        TinyRun run = new TinyRun(dir);
        BpeTrainer trainer = new BpeTrainer(VOCAB);
        StoryGrammar grammar = new StoryGrammar(1);
        run.writeStories("train.jsonl", grammar, 0, NUM_STORIES, trainer);
        run.writeStories("valid.jsonl", grammar, NUM_STORIES, NUM_STORIES + 10, trainer);
        BpeVocabulary vocabulary = trainer.train();
        Path base = Files.createDirectories(dir.resolve("base"));
        Files.writeString(base.resolve("tokenizer.json"), vocabulary.tokenizerJson());
        Files.writeString(base.resolve("tokenizer_config.json"), vocabulary.tokenizerConfigJson());
        writeBase(base, vocabulary.tokens().size());
        return run;
    }

    private void writeStories(String file, StoryGrammar grammar, int from, int to, BpeTrainer trainer)
            throws Exception {
        ObjectMapper json = new ObjectMapper();
        List<String> lines = new ArrayList<>();
        for (int i = from; i < to; i++) {
            String text = grammar.story(i).text();
            trainer.add(text);
            lines.add(json.writeValueAsString(Map.of("text", text)));
        }
        Files.write(dir.resolve(file), lines);
    }

    private static void writeBase(Path base, int vocabSize) {
        AttentionConfig attention = new AttentionConfig.Gqa(4, 2, 8, RopeScaling.NONE);
        ModelConfig model =
                new ModelConfig(32, 48, vocabSize, 64, 1e-5, 10_000, true, 0, 1, List.of(attention, attention));
        try (ParameterStore weights = Tensors.zeros(CausalLm.layout(model, name -> true), ElementType.FLOAT)) {
            Random random = new Random(3);
            for (String name : weights.layout().places().keySet()) {
                double centre = name.endsWith("norm.weight") ? 1 : 0;
                double[] values = random.doubles(weights.get(name).length(), centre - 0.4, centre + 0.4)
                        .toArray();
                weights.get(name).write(values);
            }
            ModelDirectory.save(
                    DataFiles.path(base.toString()),
                    model,
                    weights,
                    new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty()));
        }
    }

    /** The settings of a run called {@code name}: 24 steps, a checkpoint every 6. */
    public Map<String, String> settings(String name, int replicas) {
        Map<String, String> settings = new HashMap<>();
        settings.put("run.dir", dir.resolve(name).toString());
        settings.put("base.path", dir.resolve("base").toString());
        settings.put("corpus.train", "[\"" + dir.resolve("train.jsonl") + "\"]");
        settings.put("corpus.valid", "[\"" + dir.resolve("valid.jsonl") + "\"]");
        settings.put("corpus.sequences-per-shard", "40");
        settings.put("sequence.length", Integer.toString(SEQUENCE_LENGTH));
        settings.put("upcycle.kv-lora-rank", "6");
        settings.put("upcycle.qk-rope-head-dim", "4");
        settings.put("targets.codec", "topk");
        settings.put("targets.k", "16");
        settings.put("distill.tokens", Integer.toString(24 * 6 * SEQUENCE_LENGTH));
        settings.put("distill.batch-sequences", "6");
        settings.put("distill.micro-batch-sequences", "2");
        settings.put("distill.learning-rate", "3e-3");
        settings.put("distill.replicas", Integer.toString(replicas));
        settings.put("distill.local-steps", "2");
        settings.put("distill.checkpoint-every", "6");
        settings.put("eval.batch-sequences", "4");
        return settings;
    }

    public RunConfig config(String name, int replicas) {
        return RunConfig.ofOverrides(settings(name, replicas));
    }

    /** All weights of the distilled student of a run. */
    public static float[] studentWeights(RunConfig config) {
        RunLayout layout = new RunLayout(DataFiles.path(config.run().dir()));
        return weights(ModelDirectory.open(DistillStage.student(layout)));
    }

    /** All weights of a model, one parameter after the other. */
    public static float[] weights(ModelDirectory model) {
        try (ParameterStore weights = Tensors.zeros(CausalLm.layout(model.config(), name -> true), ElementType.FLOAT)) {
            model.load(weights);
            float[] all = new float[Math.toIntExact(weights.layout().numParameters())];
            int at = 0;
            for (var segment : weights.segments()) {
                segment.read(all, at);
                at += segment.cols();
            }
            return all;
        }
    }
}
