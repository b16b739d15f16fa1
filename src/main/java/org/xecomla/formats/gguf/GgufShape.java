package org.xecomla.formats.gguf;

import java.util.Collections;
import java.util.List;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.RopeRowOrder;
import org.xecomla.formats.checkpoint.StockStudent;

/**
 * The shapes that llama.cpp computes: its {@code deepseek2} where all layers are latent, and its {@code llama} where
 * none is.
 */
final class GgufShape {
    /** What llama.cpp has built in for deepseek2, and takes from a file for no architecture that is written here. */
    static final double BETA_FAST = 32;

    static final double BETA_SLOW = 1;

    private GgufShape() {}

    static boolean isLatent(ModelConfig model) {
        return model.attention().get(0) instanceof AttentionConfig.Mla;
    }

    /** @throws ConfigException where llama.cpp has no architecture for {@code model} */
    static ModelConfig exported(ModelConfig model) {
        boolean someLatent = model.attention().stream().anyMatch(AttentionConfig.Mla.class::isInstance);
        return someLatent ? latent(model) : grouped(model);
    }

    static StockStudent stock(ModelConfig student) {
        return StockStudent.of(student, "gguf", "llama.cpp's deepseek2");
    }

    private static ModelConfig latent(ModelConfig student) {
        StockStudent stock = stock(student);
        if (stock.isNormFree() && !(student.rmsNormEps() > 0)) {
            throw new ConfigException("rms_norm_eps is 0, and the latents' norms need one that outweighs them: the"
                    + " student has no gguf export");
        }
        AttentionConfig.Mla first = stock.layers().get(0);
        AttentionConfig layer =
                stock.widest(rope(first.ropeScaling()), softmaxScale(first.qkHeadDim(), first.ropeScaling()));
        return model(student, Collections.nCopies(student.numLayers(), layer));
    }

    private static RopeScaling rope(RopeScaling own) {
        if (own instanceof RopeScaling.None) {
            return own;
        }
        if (own instanceof RopeScaling.Yarn yarn) {
            return yarn.withMscale(1, 1);
        }
        throw new ConfigException("llama.cpp's deepseek2 computes plain rope and YaRN, and the student's is "
                + own.getClass().getSimpleName() + ": make the student with upcycle.rope-scaling = yarn");
    }

    /** What deepseek2 multiplies scores by: with YaRN m^2 / sqrt(N + P), cos and sin stay as they are. */
    static double softmaxScale(int qkHeadDim, RopeScaling rope) {
        double m = rope instanceof RopeScaling.Yarn yarn ? yarn.withMscale(1, 0).attentionFactor() : 1;
        return m * m * AttentionConfig.softmaxScale(qkHeadDim);
    }

    /** Whether users must say YaRN's betas when they start llama.cpp, since no file can. */
    static boolean needsBetas(RopeScaling rope) {
        return rope instanceof RopeScaling.Yarn yarn && (yarn.betaFast() != BETA_FAST || yarn.betaSlow() != BETA_SLOW);
    }

    /** A scaled rope is written as its frequencies; YaRN's factor on cos and sin goes into the queries. */
    private static ModelConfig grouped(ModelConfig model) {
        List<AttentionConfig.Gqa> layers = model.layers(AttentionConfig.Gqa.class);
        AttentionConfig.Gqa first = layers.get(0);
        if (!layers.stream().allMatch(AttentionConfig::isRotated)) {
            throw new ConfigException("some layers of the model are not rotated, and llama.cpp's llama rotates all:"
                    + " llama.cpp's own converter takes the checkpoint itself");
        }
        if (layers.stream().anyMatch(layer -> !layer.equals(first))) {
            throw new ConfigException(
                    "layers of grouped-query attention differ: llama.cpp's llama has one shape for" + " all");
        }
        if (first.norm() != null) {
            throw new ConfigException("queries and keys of the model are normalised, and llama.cpp's llama has no place"
                    + " for that: llama.cpp's own converter takes the checkpoint itself");
        }
        RopeScaling rope = first.ropeScaling() instanceof RopeScaling.None
                ? RopeScaling.NONE
                : new RopeScaling.Explicit(RopeFrequencies.of(first.headDim(), model.ropeTheta(), first.ropeScaling())
                        .inverse());
        AttentionConfig layer =
                new AttentionConfig.Gqa(first.numHeads(), first.numKvHeads(), first.headDim(), rope, first.biases());
        return model(model, Collections.nCopies(model.numLayers(), layer));
    }

    static ModelConfig model(ModelConfig like, List<AttentionConfig> layers) {
        return new ModelConfig(
                like.hiddenSize(),
                like.intermediateSize(),
                like.vocabSize(),
                like.maxPositionEmbeddings(),
                like.rmsNormEps(),
                like.ropeTheta(),
                like.tieWordEmbeddings(),
                like.mlpBias(),
                like.bosTokenId(),
                like.eosTokenIds(),
                layers);
    }

    /** Rows of rotated dimensions lie in pairs, in latent layers as in our own checkpoints, in others in every head. */
    static RopeRowOrder order(ModelConfig model, String parameter) {
        ParameterNames.InLayer place = ParameterNames.inLayer(parameter).orElse(null);
        if (place == null || !(model.attention().get(place.layer()) instanceof AttentionConfig.Gqa gqa)) {
            return RopeRowOrder.of(model, parameter);
        }
        String name = ParameterNames.isBias(place.name()) ? ParameterNames.weight(place.name()) : place.name();
        boolean rotated = name.equals(ParameterNames.Q_PROJ) || name.equals(ParameterNames.K_PROJ);
        return rotated ? new RopeRowOrder(gqa.headDim(), gqa.headDim()) : RopeRowOrder.unchanged();
    }
}
