package org.xecomla.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.Freeze;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.JsonFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.run.RunTokenizer;
import org.xecomla.safetensors.Dtype;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;
import org.xecomla.train.Replica;
import org.xecomla.train.preference.DpoObjective;
import org.xecomla.train.preference.PairScorer;
import org.xecomla.train.preference.PreferenceLoss;
import org.xecomla.train.preference.PreferenceSample;

/**
 * Tokens, loss, rewards and gradients of preferences by the keys of section {@code dpo}, in files that other
 * implementations can be compared with.
 *
 * @param policy whose gradients are taken
 * @param pairs a file of preferences, all of which are one batch
 */
public record PreferenceValues(RunConfig config, ModelDirectory policy, ModelDirectory reference, Path pairs) {
    private static final String FILE = "preferences.json";
    private static final String GRADIENTS = "gradients";
    private static final int MICRO_BATCH = 4;

    /**
     * What preferences.json holds.
     *
     * @param form of the loss
     * @param loss mean of all pairs
     * @param chosen rewards, one a pair
     * @param rejected rewards, one a pair
     * @param pairs token ids
     */
    private record Values(
            String form,
            double beta,
            double labelSmoothing,
            double loss,
            double[] chosen,
            double[] rejected,
            List<TokenPair> pairs) {
        static Values of(PreferenceLoss loss, List<PreferenceLoss.Value> values, List<TokenPair> pairs) {
            return new Values(
                    loss.form().name().toLowerCase(Locale.ROOT),
                    loss.beta(),
                    loss.labelSmoothing(),
                    values.stream()
                            .mapToDouble(PreferenceLoss.Value::loss)
                            .average()
                            .orElse(0),
                    values.stream()
                            .mapToDouble(PreferenceLoss.Value::chosenReward)
                            .toArray(),
                    values.stream()
                            .mapToDouble(PreferenceLoss.Value::rejectedReward)
                            .toArray(),
                    pairs);
        }
    }

    /** Writes preferences.json and gradients, a model directory whose weights are the gradients, into {@code out}. */
    public void write(Path out) {
        List<TokenPair> tokens = tokens();
        int longest = tokens.stream()
                .mapToInt(TokenPair::length)
                .max()
                .orElseThrow(() -> new UserException(DataFiles.display(pairs) + " holds no preference"));
        DpoObjective objective = DpoObjective.of(config);
        try (Kernels kernels = ComputeKernels.of(config.compute());
                Replica replica = new Replica(
                        policy.config(),
                        Freeze.NONE.trainable(),
                        new Replica.Shape(MICRO_BATCH, longest),
                        objective,
                        kernels)) {
            policy.load(replica.weights());
            List<PreferenceSample> samples = samples(tokens, longest, kernels);
            try (PairScorer scorer = new PairScorer(replica.model(), longest, MICRO_BATCH)) {
                List<PreferenceLoss.Value> values = scorer.values(samples, objective.loss());
                JsonFiles.write(new Path(out, FILE), Values.of(objective.loss(), values, tokens));
            }
            objective.addGradients(replica, samples, 0);
            SaveOptions options = new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, Optional.empty());
            ModelDirectory.save(new Path(out, GRADIENTS), policy.config(), replica.gradients(), options);
        }
    }

    private List<TokenPair> tokens() {
        List<TokenPair> tokens = new ArrayList<>();
        try (RunTokenizer tokenizer = RunTokenizer.open(config, policy.config())) {
            for (DocumentSplit split : PreferenceFiles.splits(List.of(pairs), DocumentSplit.TASK_BYTES)) {
                tokens.addAll(tokenizer.pairTokeniser().tokens(split, 0, Long.MAX_VALUE));
            }
        }
        return tokens;
    }

    private List<PreferenceSample> samples(List<TokenPair> tokens, int longest, Kernels kernels) {
        try (LoadedModel loaded = LoadedModel.open(reference, kernels, longest);
                PairScorer scorer = new PairScorer(loaded.model(), longest, MICRO_BATCH)) {
            List<LogProbabilities> scores = scorer.score(tokens);
            List<PreferenceSample> samples = new ArrayList<>();
            for (int i = 0; i < tokens.size(); i++) {
                samples.add(new PreferenceSample(tokens.get(i), scores.get(i)));
            }
            return samples;
        }
    }
}
