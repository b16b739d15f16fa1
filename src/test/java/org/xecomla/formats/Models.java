package org.xecomla.formats;

import java.util.List;
import java.util.Random;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** Small models of every form, with weights drawn by chance. */
public final class Models {
    public static final RopeScaling LLAMA3 = new RopeScaling.Llama3(8, 1, 4, 64);
    public static final RopeScaling YARN = new RopeScaling.Yarn(8, 64, 32, 1, 1, 0);

    private Models() {}

    public static ModelConfig of(boolean tied, List<AttentionConfig> attention) {
        return new ModelConfig(12, 20, 31, 128, 1e-5, 5e5, tied, 1, 2, attention);
    }

    public static AttentionConfig gqa(int numKvHeads, int headDim, RopeScaling scaling) {
        return new AttentionConfig.Gqa(4, numKvHeads, headDim, scaling);
    }

    public static AttentionConfig mla(int qRank, int kvRank, boolean qNorm, boolean kvNorm, RopeScaling scaling) {
        return new AttentionConfig.Mla(4, qRank, kvRank, 3, 6, 5, qNorm, kvNorm, scaling, 0.375);
    }

    /** The same layer with biases. */
    public static AttentionConfig biased(AttentionConfig layer, AttentionConfig.Biases biases) {
        if (layer instanceof AttentionConfig.Gqa gqa) {
            return new AttentionConfig.Gqa(gqa.numHeads(), gqa.numKvHeads(), gqa.headDim(), gqa.ropeScaling(), biases);
        }
        AttentionConfig.Mla mla = (AttentionConfig.Mla) layer;
        return new AttentionConfig.Mla(
                mla.numHeads(),
                mla.qLoraRank(),
                mla.kvLoraRank(),
                mla.qkNopeHeadDim(),
                mla.qkRopeHeadDim(),
                mla.vHeadDim(),
                mla.qNorm(),
                mla.kvNorm(),
                mla.ropeScaling(),
                mla.softmaxScale(),
                biases,
                mla.keyScales());
    }

    /** The same model with biases in its feed-forward layers. */
    public static ModelConfig withMlpBias(ModelConfig model) {
        return new ModelConfig(
                model.hiddenSize(),
                model.intermediateSize(),
                model.vocabSize(),
                model.maxPositionEmbeddings(),
                model.rmsNormEps(),
                model.ropeTheta(),
                model.tieWordEmbeddings(),
                true,
                model.bosTokenId(),
                model.eosTokenIds(),
                model.attention());
    }

    public static ParameterLayout layout(ModelConfig model) {
        return ParameterLayout.of(ParameterShapes.of(model).entrySet().stream()
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), true))
                .toList());
    }

    /** Weights between -2 and 2. */
    public static ParameterStore weights(ModelConfig model, ElementType type, long seed) {
        ParameterStore store = Tensors.zeros(layout(model), type);
        Random random = new Random(seed);
        for (String name : store.layout().places().keySet()) {
            store.get(name)
                    .write(random.doubles(store.get(name).length(), -2, 2).toArray());
        }
        return store;
    }
}
