package org.xecomla.config;

import java.util.Collections;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;

/**
 * Section {@code pretrain}: a small Llama trained from nothing.
 *
 * @param vocabSize empty: the tokenizer's
 * @param tokens to train on; empty: the corpus once
 * @param out directory of the finished model
 */
public record PretrainConfig(
        int hiddenSize,
        int intermediateSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        OptionalInt vocabSize,
        double ropeTheta,
        boolean tieWordEmbeddings,
        OptionalLong tokens,
        OptimizerConfig optimizer,
        int checkpointEvery,
        WeightType dtype,
        String out) {
    private static final double RMS_NORM_EPS = 1e-5;

    static PretrainConfig of(StrictConfig config) {
        Range positive = Range.atLeast(1);
        int hiddenSize = config.integer("pretrain.hidden-size", positive);
        int numHeads = config.integer("pretrain.num-heads", positive);
        int numKvHeads = config.integer("pretrain.num-kv-heads", positive);
        if (numHeads % numKvHeads != 0) {
            throw config.error("pretrain.num-kv-heads", "does not divide pretrain.num-heads = " + numHeads);
        }
        int headDim =
                config.optionalInteger("pretrain.head-dim", Range.atLeast(2)).orElse(hiddenSize / numHeads);
        if (headDim < 2 || headDim % 2 != 0) {
            throw config.error("pretrain.head-dim", "gives heads of " + headDim + " dimensions: take an even number");
        }
        WeightType dtype = config.choice("pretrain.dtype", WeightType.class);
        if (dtype == WeightType.Q8_0) {
            throw config.error("pretrain.dtype", "is q8_0, which only exports as gguf have: take f32, bf16 or f16");
        }
        return new PretrainConfig(
                hiddenSize,
                config.integer("pretrain.intermediate-size", positive),
                config.integer("pretrain.num-layers", positive),
                numHeads,
                numKvHeads,
                headDim,
                config.optionalInteger("pretrain.vocab-size", positive),
                config.number("pretrain.rope-theta", Range.above(1)),
                config.flag("pretrain.tie-word-embeddings"),
                config.optionalLong("pretrain.tokens", positive),
                OptimizerConfig.of(config, "pretrain.", "sequences"),
                config.integer("pretrain.checkpoint-every", positive),
                dtype,
                config.text("pretrain.out"));
    }

    /**
     * The model to train.
     *
     * @param tokenizerVocabSize the vocabulary where none is configured
     * @param maxLength longest sequence that the model will be made for
     * @param bosTokenId -1: none
     * @param eosTokenId -1: none
     */
    public ModelConfig model(int tokenizerVocabSize, int maxLength, int bosTokenId, int eosTokenId) {
        AttentionConfig attention = new AttentionConfig.Gqa(numHeads, numKvHeads, headDim, RopeScaling.NONE);
        return new ModelConfig(
                hiddenSize,
                intermediateSize,
                vocabSize.orElse(tokenizerVocabSize),
                maxLength,
                RMS_NORM_EPS,
                ropeTheta,
                tieWordEmbeddings,
                bosTokenId,
                eosTokenId,
                Collections.nCopies(numLayers, attention));
    }
}
