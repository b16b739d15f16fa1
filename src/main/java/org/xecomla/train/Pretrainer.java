package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.PretrainConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SequenceConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.CorpusWindows;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.data.TokenData;
import org.xecomla.train.data.TrainingData;
import org.xecomla.train.data.TrainingSequence;

/**
 * Trains a small Llama from random weights on text, in one JVM: section {@code pretrain} of a configuration. Weights
 * start as {@code RandomWeights} says: normal, standard deviation 0.02, projections into the residual stream divided by
 * sqrt(2 L).
 *
 * <p>A run that was stopped goes on from its newest checkpoint, beside the output directory; a finished one is left as
 * it is. The corpus is held on the heap, four bytes a token.
 */
public final class Pretrainer {
    private static final int MAX_VALIDATION_WINDOWS = 50;
    private static final String KIND = "model";

    private final RunConfig config;
    private final String revision;
    private final Kernels kernels;
    private final StageDirectory out;
    private final Path checkpointDirectory;

    /**
     * @param revision of the sources, for the manifest
     * @param kernels not closed
     */
    public Pretrainer(RunConfig config, String revision, Kernels kernels) {
        this.config = config;
        this.revision = revision;
        this.kernels = kernels;
        this.out = new StageDirectory(DataFiles.path(config.pretrain().out()));
        this.checkpointDirectory = new Path(out.path().getParent(), out.path().getName() + "-checkpoints");
    }

    /** The directory of the finished model. */
    public Path out() {
        return out.path();
    }

    /**
     * Trains to the end and writes the model directory. Listeners also learn the perplexity on {@code corpus.valid},
     * after every {@code pretrain.checkpoint-every} steps and at the end.
     *
     * @return how far the model was trained
     * @throws org.xecomla.errors.UserException where text or tokenizer are missing, or the output is another
     *     configuration's
     */
    public TrainingProgress run(List<TrainListener> listeners) {
        Manifest asked = asked();
        if (out.prepare(asked) == StageDirectory.State.COMPLETE) {
            Map<String, Long> counts = out.manifest().counts();
            return new TrainingProgress(counts.get("step"), counts.get("samples"), counts.get("tokens"));
        }
        TrainingProgress end = train(asked, listeners);
        out.complete(asked, Map.of("step", end.step(), "samples", end.numSamples(), "tokens", end.numTokens()));
        DataFiles.delete(checkpointDirectory);
        return end;
    }

    private Manifest asked() {
        Map<String, String> settings =
                new TreeMap<>(config.settings("pretrain", "corpus", "sequence", "tokenizer.path"));
        settings.remove("pretrain.out");
        Map<String, String> inputs = new TreeMap<>();
        Fingerprints fingerprints = Fingerprints.anew();
        for (String file : config.corpus().train()) {
            inputs.put(file, fingerprints.of(DataFiles.path(file)));
        }
        inputs.put("tokenizer", fingerprints.of(tokenizerPath()));
        return Manifest.asked(KIND, 1, settings, config.run().seed(), revision, inputs);
    }

    private Path tokenizerPath() {
        return DataFiles.path(config.models().requireTokenizer());
    }

    private TrainingProgress train(Manifest asked, List<TrainListener> listeners) {
        PretrainConfig pretrain = config.pretrain();
        int length = config.sequence().length().orElse(SequenceConfig.DEFAULT_LENGTH);
        try (Tokenizer tokenizer = Tokenizer.open(tokenizerPath())) {
            ModelConfig model = pretrain.model(
                    tokenizer.vocabSize(),
                    length,
                    tokenizer.bosTokenId().orElse(-1),
                    tokenizer.eosTokenId().orElse(-1));
            List<TokenSequence> windows =
                    CorpusWindows.of(config, config.corpus().train(), tokenizer, model, length, Integer.MAX_VALUE);
            List<TokenSequence> valid = config.corpus().valid().isEmpty()
                    ? List.of()
                    : CorpusWindows.of(
                            config, config.corpus().valid(), tokenizer, model, length, MAX_VALIDATION_WINDOWS);
            TrainingPlan plan = TrainingPlan.pretraining(config, windows.size(), length);
            try (TrainingRun<TrainingSequence> run =
                    new TrainingRun<>(plan, TokenObjective.CROSS_ENTROPY, model, kernels, ParameterAveraging.alone())) {
                train(run, plan, TokenData.of(windows), valid, asked, listeners);
                Dtype dtype = Dtype.of(pretrain.dtype());
                ModelDirectory.save(out.path(), model, run.replica().weights(), SaveOptions.of(dtype, tokenizerPath()));
                return run.progress();
            }
        }
    }

    private void train(
            TrainingRun<TrainingSequence> run,
            TrainingPlan plan,
            TrainingData data,
            List<TokenSequence> valid,
            Manifest asked,
            List<TrainListener> listeners) {
        TrainerCheckpoint checkpoints =
                new TrainerCheckpoint(checkpointDirectory, TrainerCheckpoint.KEPT, asked, Optional.empty());
        checkpoints
                .newest()
                .ifPresentOrElse(
                        saved -> run.resume(checkpoints, saved),
                        () -> run.start(
                                weights -> RandomWeights.write(run.replica().config(), plan.seed(), weights)));
        List<TrainListener> all = new ArrayList<>(listeners);
        if (!valid.isEmpty()) {
            List<TrainingSequence> sequences = valid.stream()
                    .map(tokens -> TrainingSequence.of(tokens, null))
                    .toList();
            all.add(new Validation(run.replica(), sequences, plan.checkpointEvery(), listeners, run.progress()));
        }
        all.add(run.savingTo(checkpoints));
        run.train(data, all);
    }
}
