package org.xecomla.config;

import java.util.List;
import java.util.OptionalInt;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

/**
 * Section {@code dpo}: Direct Preference Optimization (Rafailov et al. 2023) of the distilled student.
 *
 * @param train files of preference pairs, in order; empty: the run has no such stage
 * @param valid files of preference pairs, in order
 * @param maxLength tokens of prompt and answer together; empty: {@value #DEFAULT_LENGTH} where the model allows, else
 *     its maximum
 * @param maxPromptLength tokens of a prompt that has to be cut; empty: half of the maximum length
 * @param beta strength of the reference: the implicit reward is beta times the log-ratio of policy and reference
 * @param labelSmoothing share of the preferences that are taken to be wrong
 * @param optimizer its sequences are pairs
 */
public record DpoConfig(
        List<String> train,
        List<String> valid,
        OptionalInt maxLength,
        OptionalInt maxPromptLength,
        int pairsPerShard,
        int epochs,
        Loss loss,
        double beta,
        double labelSmoothing,
        OptimizerConfig optimizer,
        ReplicasConfig replicas) {
    /** What is made of the margin between chosen and rejected. */
    public enum Loss {
        /** -log sigmoid of beta times the margin. */
        SIGMOID,
        /** Squared distance of the margin, per token, from 1 / (2 beta): Azar et al. 2023. */
        IPO
    }

    public static final int DEFAULT_LENGTH = 1024;

    /** Without a value for warmup-steps they are one in so many. */
    public static final int WARMUP_SHARE = 10;

    public DpoConfig {
        train = List.copyOf(train);
        valid = List.copyOf(valid);
    }

    static DpoConfig of(StrictConfig config) {
        OptimizerConfig optimizer = OptimizerConfig.of(config, "dpo.", "pairs");
        OptionalInt maxLength = config.optionalInteger("dpo.max-length", Range.atLeast(2));
        OptionalInt maxPromptLength = config.optionalInteger("dpo.max-prompt-length", Range.atLeast(1));
        if (maxPromptLength.isPresent() && maxPromptLength.getAsInt() >= maxLength.orElse(DEFAULT_LENGTH)) {
            throw config.error("dpo.max-prompt-length", "leaves no room for an answer: lower it below dpo.max-length");
        }
        List<String> train = config.texts("dpo.train");
        ReplicasConfig replicas = ReplicasConfig.of(config, "dpo.");
        if (!train.isEmpty()) { // replicas may be those of distill, whose batch is another
            replicas.requireShares(config, "dpo.", "batch-pairs", optimizer.batchSequences());
        }
        return new DpoConfig(
                train,
                config.texts("dpo.valid"),
                maxLength,
                maxPromptLength,
                config.integer("dpo.pairs-per-shard", Range.atLeast(1)),
                config.integer("dpo.epochs", Range.atLeast(1)),
                config.choice("dpo.loss", Loss.class),
                config.number("dpo.beta", Range.above(0)),
                config.number("dpo.label-smoothing", Range.atLeast(0).below(0.5)),
                optimizer,
                replicas);
    }

    /** Whether a run has a preference stage. */
    public boolean isEnabled() {
        return !train.isEmpty();
    }

    /**
     * Tokens of prompt and answer together, for {@code model}.
     *
     * @throws ConfigException where the configured length is more than the model was made for
     */
    public int maxLengthFor(ModelConfig model) {
        int maximum = model.maxPositionEmbeddings();
        int chosen = maxLength.orElse(Math.min(DEFAULT_LENGTH, maximum));
        if (chosen > maximum) {
            throw new ConfigException("dpo.max-length = " + chosen
                    + " is more than the model's max_position_embeddings " + maximum + ": set it to at most that");
        }
        return chosen;
    }

    /** Tokens that are left of a prompt that has to be cut, for {@code model}. */
    public int maxPromptLengthFor(ModelConfig model) {
        int all = maxLengthFor(model);
        return Math.min(maxPromptLength.orElse(all / 2), all - 1);
    }
}
