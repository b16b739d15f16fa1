package org.xecomla.config.model;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;
import org.xecomla.errors.ConfigException;

/**
 * Shape of a Llama-type decoder whose layers may each be grouped-query or latent attention.
 *
 * @param attention one entry a layer
 * @param maxPositionEmbeddings the longest sequence the model was made for
 * @param rmsNormEps of the block norms and the final norm; latent norms use 1e-6
 * @param tieWordEmbeddings the head is the embedding matrix
 * @param mlpBias the three projections of every feed-forward layer add a constant
 * @param bosTokenId -1: none
 * @param eosTokenIds the tokens that end a text; empty: none
 */
public record ModelConfig(
        int hiddenSize,
        int intermediateSize,
        int vocabSize,
        int maxPositionEmbeddings,
        double rmsNormEps,
        double ropeTheta,
        boolean tieWordEmbeddings,
        boolean mlpBias,
        int bosTokenId,
        List<Integer> eosTokenIds,
        List<AttentionConfig> attention)
        implements Serializable {
    /** Epsilon of RMSNorm on latents: transformers fixes it for DeepSeek. */
    public static final double LATENT_NORM_EPS = 1e-6;

    public ModelConfig {
        attention = List.copyOf(attention);
        eosTokenIds = List.copyOf(eosTokenIds);
        if (hiddenSize < 1
                || intermediateSize < 1
                || vocabSize < 1
                || maxPositionEmbeddings < 1
                || attention.isEmpty()) {
            throw new ConfigException("no model of hidden_size " + hiddenSize + ", intermediate_size "
                    + intermediateSize + ", vocab_size " + vocabSize + ", " + attention.size() + " layers");
        }
        if (!(rmsNormEps >= 0 && rmsNormEps <= 1)) {
            throw new ConfigException("rms_norm_eps is " + rmsNormEps + ", not between 0 and 1");
        }
        if (!(ropeTheta > 0 && ropeTheta < Double.POSITIVE_INFINITY)) {
            throw new ConfigException("rope_theta is " + ropeTheta + ", not a positive number");
        }
        if (ropeTheta <= 1 && attention.stream().anyMatch(layer -> layer.ropeScaling() instanceof RopeScaling.Yarn)) {
            throw new ConfigException("rope_theta is " + ropeTheta + ", and YaRN needs one above 1");
        }
        for (int eos : eosTokenIds) {
            if (eos < 0) {
                throw new ConfigException("eos_token_id " + eos + " is negative");
            }
        }
    }

    /** A model without biases in its feed-forward layers and with one token that ends a text; -1: none. */
    public ModelConfig(
            int hiddenSize,
            int intermediateSize,
            int vocabSize,
            int maxPositionEmbeddings,
            double rmsNormEps,
            double ropeTheta,
            boolean tieWordEmbeddings,
            int bosTokenId,
            int eosTokenId,
            List<AttentionConfig> attention) {
        this(
                hiddenSize,
                intermediateSize,
                vocabSize,
                maxPositionEmbeddings,
                rmsNormEps,
                ropeTheta,
                tieWordEmbeddings,
                false,
                bosTokenId,
                eosTokenId < 0 ? List.of() : List.of(eosTokenId),
                attention);
    }

    /** Whether any projection adds a constant. */
    public boolean hasBiases() {
        return mlpBias || attention.stream().anyMatch(layer -> layer.biases() != AttentionConfig.Biases.NONE);
    }

    public int numLayers() {
        return attention.size();
    }

    /** The layers that are {@code kind}, in their order. */
    public <T extends AttentionConfig> List<T> layers(Class<T> kind) {
        return attention.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** What grouped-query layers compute, those with keys and values of low rank among them, in their order. */
    public List<AttentionConfig.Gqa> groupedLayers() {
        return attention.stream()
                .flatMap(layer -> layer instanceof AttentionConfig.Gqa gqa
                        ? Stream.of(gqa)
                        : layer instanceof AttentionConfig.LowRankGqa lowRank
                                ? Stream.of(lowRank.full())
                                : Stream.empty())
                .toList();
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
                mlpBias,
                bosTokenId,
                eosTokenIds,
                attention);
    }

    /** The same model for sequences of at most {@code length}. */
    public ModelConfig withMaxPositionEmbeddings(int length) {
        return new ModelConfig(
                hiddenSize,
                intermediateSize,
                vocabSize,
                length,
                rmsNormEps,
                ropeTheta,
                tieWordEmbeddings,
                mlpBias,
                bosTokenId,
                eosTokenIds,
                attention);
    }

    /** The same model with its head tied to the embedding, or not. */
    public ModelConfig withTiedEmbeddings(boolean tied) {
        return new ModelConfig(
                hiddenSize,
                intermediateSize,
                vocabSize,
                maxPositionEmbeddings,
                rmsNormEps,
                ropeTheta,
                tied,
                mlpBias,
                bosTokenId,
                eosTokenIds,
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
                mlpBias,
                bosTokenId,
                eosTokenIds,
                layers);
    }
}
