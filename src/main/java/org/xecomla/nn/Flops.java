package org.xecomla.nn;

import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;

/** How much a model computes, from its shape. */
public final class Flops {
    /** A training step has three times the operations of a forward pass: a backward pass costs two. */
    public static final int TRAINING_PASSES = 3;

    private Flops() {}

    /**
     * Floating-point operations of a forward pass over one sequence, with the logits of every position: two for every
     * weight of a matrix that a token is multiplied by and, in attention, for every pair of a query and a key that it
     * sees. What a kernel computes again is not counted.
     *
     * @param length T
     */
    public static double forward(ModelConfig model, int length) {
        double weights = ParameterShapes.of(model).entrySet().stream()
                .filter(e -> multiplies(e.getKey(), model))
                .mapToDouble(e -> e.getValue().numElements())
                .sum();
        double pairs = 0.5 * length * (length + 1.0);
        double attention = model.attention().stream().mapToDouble(Flops::ofPair).sum();
        return 2 * weights * length + 2 * pairs * attention;
    }

    /**
     * Floating-point operations of a training step on one sequence, with those of what it computes again.
     *
     * @param length T
     */
    public static double training(ModelConfig model, int length, Recompute recompute) {
        return TRAINING_PASSES * forward(model, length) + (recompute == Recompute.BLOCKS ? blocks(model, length) : 0);
    }

    /**
     * Floating-point operations of a forward pass over one sequence without the head.
     *
     * @param length T
     */
    public static double blocks(ModelConfig model, int length) {
        return forward(model, length) - 2.0 * model.hiddenSize() * model.vocabSize() * length;
    }

    private static boolean multiplies(String parameter, ModelConfig model) {
        if (parameter.equals(ParameterNames.EMBEDDING)) {
            return model.tieWordEmbeddings(); // then it is the head too
        }
        return !ParameterNames.isVector(parameter);
    }

    /** Multiplications of one query and one key: the score, and what the value adds, over all heads. */
    private static double ofPair(AttentionConfig attention) {
        if (attention instanceof AttentionConfig.Mla mla) {
            return (double) mla.numHeads() * (mla.qkHeadDim() + mla.vHeadDim());
        }
        AttentionConfig.Gqa gqa = attention instanceof AttentionConfig.LowRankGqa lowRank
                ? lowRank.full()
                : (AttentionConfig.Gqa) attention;
        return 2.0 * gqa.numHeads() * gqa.headDim();
    }
}
