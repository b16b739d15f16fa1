package org.xecomla.config;

import java.util.OptionalInt;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

/**
 * Section {@code sequence}.
 *
 * @param length tokens per window; empty: {@value #DEFAULT_LENGTH} where the model allows, else its maximum
 * @param attentionAcrossDocuments whether a token sees the documents that come before its own in the window
 */
public record SequenceConfig(OptionalInt length, boolean attentionAcrossDocuments) {
    public static final int DEFAULT_LENGTH = 256;

    static SequenceConfig of(StrictConfig config) {
        return new SequenceConfig(
                config.optionalInteger("sequence.length", Range.atLeast(2)),
                config.flag("sequence.attention-across-documents"));
    }

    /**
     * Tokens per window for {@code model}.
     *
     * @throws ConfigException where the configured length is more than the model was made for
     */
    public int lengthFor(ModelConfig model) {
        int maximum = model.maxPositionEmbeddings();
        int chosen = length.orElse(Math.min(DEFAULT_LENGTH, maximum));
        if (chosen > maximum) {
            throw new ConfigException("sequence.length = " + chosen
                    + " is more than the model's max_position_embeddings " + maximum + ": set it to at most that");
        }
        return chosen;
    }
}
