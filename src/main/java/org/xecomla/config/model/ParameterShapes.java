package org.xecomla.config.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xecomla.errors.ConfigException;

/**
 * The parameters of a model by their names in Hugging Face's Llama and DeepSeek classes, in checkpoint order, with the
 * shape [out, in] of each. A norm's gain is (1, n).
 */
public final class ParameterShapes {
    /** Rows and columns of a parameter. */
    public record Shape(int rows, int cols) {
        public long numElements() {
            return (long) rows * cols;
        }
    }

    private ParameterShapes() {}

    /** All parameters of {@code model}; the head is absent where it is tied to the embedding. */
    public static Map<String, Shape> of(ModelConfig model) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        int d = model.hiddenSize();
        int f = model.intermediateSize();
        shapes.put(ParameterNames.EMBEDDING, new Shape(model.vocabSize(), d));
        for (int l = 0; l < model.numLayers(); l++) {
            String prefix = ParameterNames.layer(l);
            shapes.put(prefix + ParameterNames.INPUT_NORM, new Shape(1, d));
            attention(model.attention().get(l), prefix, d, shapes);
            shapes.put(prefix + ParameterNames.POST_ATTENTION_NORM, new Shape(1, d));
            shapes.put(prefix + ParameterNames.GATE_PROJ, new Shape(f, d));
            shapes.put(prefix + ParameterNames.UP_PROJ, new Shape(f, d));
            shapes.put(prefix + ParameterNames.DOWN_PROJ, new Shape(d, f));
        }
        shapes.put(ParameterNames.FINAL_NORM, new Shape(1, d));
        if (!model.tieWordEmbeddings()) {
            shapes.put(ParameterNames.HEAD, new Shape(model.vocabSize(), d));
        }
        return shapes;
    }

    /** How many numbers {@code model} has to learn; a tied head is not counted twice. */
    public static long numParameters(ModelConfig model) {
        return of(model).values().stream().mapToLong(Shape::numElements).sum();
    }

    private static void attention(AttentionConfig attention, String prefix, int d, Map<String, Shape> shapes) {
        if (attention instanceof AttentionConfig.Gqa gqa) {
            int kv = product(gqa.numKvHeads(), gqa.headDim());
            shapes.put(prefix + ParameterNames.Q_PROJ, new Shape(product(gqa.numHeads(), gqa.headDim()), d));
            shapes.put(prefix + ParameterNames.K_PROJ, new Shape(kv, d));
            shapes.put(prefix + ParameterNames.V_PROJ, new Shape(kv, d));
            shapes.put(prefix + ParameterNames.O_PROJ, new Shape(d, product(gqa.numHeads(), gqa.headDim())));
        } else if (attention instanceof AttentionConfig.Mla mla) {
            latent(mla, prefix, d, shapes);
        }
    }

    private static void latent(AttentionConfig.Mla mla, String prefix, int d, Map<String, Shape> shapes) {
        int h = mla.numHeads();
        int r = mla.kvLoraRank();
        if (mla.qLoraRank() == 0) {
            shapes.put(prefix + ParameterNames.Q_PROJ, new Shape(product(h, mla.qkHeadDim()), d));
        } else {
            shapes.put(prefix + ParameterNames.Q_A_PROJ, new Shape(mla.qLoraRank(), d));
            if (mla.qNorm()) {
                shapes.put(prefix + ParameterNames.Q_A_NORM, new Shape(1, mla.qLoraRank()));
            }
            shapes.put(prefix + ParameterNames.Q_B_PROJ, new Shape(product(h, mla.qkHeadDim()), mla.qLoraRank()));
        }
        shapes.put(prefix + ParameterNames.KV_A_PROJ, new Shape(r + mla.qkRopeHeadDim(), d));
        if (mla.kvNorm()) {
            shapes.put(prefix + ParameterNames.KV_A_NORM, new Shape(1, r));
        }
        shapes.put(prefix + ParameterNames.KV_B_PROJ, new Shape(product(h, mla.qkNopeHeadDim() + mla.vHeadDim()), r));
        shapes.put(prefix + ParameterNames.O_PROJ, new Shape(d, product(h, mla.vHeadDim())));
    }

    private static int product(int heads, int width) {
        try {
            return Math.multiplyExact(heads, width);
        } catch (ArithmeticException e) {
            throw new ConfigException(heads + " heads of " + width + " dimensions are too many", e);
        }
    }
}
