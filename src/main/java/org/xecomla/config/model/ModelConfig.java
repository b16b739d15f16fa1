package org.xecomla.config.model;

import java.io.Serializable;
import java.util.List;
import org.xecomla.errors.ConfigException;

/**
 * Shape of a Llama-type decoder whose layers may each be grouped-query or latent attention.
 *
 * @param attention one entry a layer
 * @param maxPositionEmbeddings the longest sequence the model was made for
 * @param rmsNormEps of the block norms and the final norm; latent norms use 1e-6
 * @param tieWordEmbeddings the head is the embedding matrix
 * @param bosTokenId -1: none
 * @param eosTokenId -1: none
 */
public record ModelConfig(
        int hiddenSize,
        int intermediateSize,
        int vocabSize,
        int maxPositionEmbeddings,
        double rmsNormEps,
        double ropeTheta,
        boolean tieWordEmbeddings,
        int bosTokenId,
        int eosTokenId,
        List<AttentionConfig> attention)
        implements Serializable {
    /** Epsilon of RMSNorm on latents: transformers fixes it for DeepSeek. */
    public static final double LATENT_NORM_EPS = 1e-6;

    public ModelConfig {
        attention = List.copyOf(attention);
        if (hiddenSize < 1
                || intermediateSize < 1
                || vocabSize < 1
                || maxPositionEmbeddings < 1
                || attention.isEmpty()) {
            throw new ConfigException("no model of hidden_size " + hiddenSize + ", intermediate_size "
                    + intermediateSize + ", vocab_size " + vocabSize + ", " + attention.size() + " layers");
        }
    }

    public int numLayers() {
        return attention.size();
    }

    /** The layers that are {@code kind}, in their order. */
    public <T extends AttentionConfig> List<T> layers(Class<T> kind) {
        return attention.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Cached elements per token over all layers. */
    public int kvElementsPerToken() {
        return attention.stream().mapToInt(AttentionConfig::kvElementsPerToken).sum();
    }

    /** The same model with another base of its rotary frequencies. */
    public ModelConfig withRopeTheta(double theta) {
        return new ModelConfig(
                hiddenSize,
                intermediateSize,
                vocabSize,
                maxPositionEmbeddings,
                rmsNormEps,
                theta,
                tieWordEmbeddings,
                bosTokenId,
                eosTokenId,
                attention);
    }

    /** The same model with other attention layers. */
    public ModelConfig withAttention(List<AttentionConfig> layers) {
        return new ModelConfig(
                hiddenSize,
                intermediateSize,
                vocabSize,
                maxPositionEmbeddings,
                rmsNormEps,
                ropeTheta,
                tieWordEmbeddings,
                bosTokenId,
                eosTokenId,
                layers);
    }
}
