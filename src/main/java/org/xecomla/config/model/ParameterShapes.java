package org.xecomla.config.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xecomla.errors.ConfigException;

/**
 * The parameters of a model by their names in Hugging Face's Llama and DeepSeek classes, in checkpoint order, with the
 * shape [out, in] of each. A norm's gain and a bias are (1, n); a bias follows its weight.
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
            linear(prefix + ParameterNames.GATE_PROJ, new Shape(f, d), model.mlpBias(), shapes);
            linear(prefix + ParameterNames.UP_PROJ, new Shape(f, d), model.mlpBias(), shapes);
            linear(prefix + ParameterNames.DOWN_PROJ, new Shape(d, f), model.mlpBias(), shapes);
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
            grouped(gqa, prefix, d, shapes, (kv, bias) -> {
                linear(prefix + ParameterNames.K_PROJ, new Shape(kv, d), bias, shapes);
                linear(prefix + ParameterNames.V_PROJ, new Shape(kv, d), bias, shapes);
            });
        } else if (attention instanceof AttentionConfig.LowRankGqa lowRank) {
            grouped(lowRank.full(), prefix, d, shapes, (kv, bias) -> {
                shapes.put(prefix + ParameterNames.K_A_PROJ, new Shape(lowRank.keyRank(), d));
                linear(prefix + ParameterNames.K_B_PROJ, new Shape(kv, lowRank.keyRank()), bias, shapes);
                shapes.put(prefix + ParameterNames.V_A_PROJ, new Shape(lowRank.valueRank(), d));
                linear(prefix + ParameterNames.V_B_PROJ, new Shape(kv, lowRank.valueRank()), bias, shapes);
            });
        } else if (attention instanceof AttentionConfig.Mla mla) {
            latent(mla, prefix, d, shapes);
        }
    }

    /** Keys and values of a grouped-query layer: their elements, and whether they have biases. */
    @FunctionalInterface
    private interface KeysAndValues {
        void put(int numElements, boolean bias);
    }

    private static void grouped(
            AttentionConfig.Gqa gqa, String prefix, int d, Map<String, Shape> shapes, KeysAndValues keysAndValues) {
        int q = product(gqa.numHeads(), gqa.headDim());
        boolean bias = gqa.biases().ofInputs();
        linear(prefix + ParameterNames.Q_PROJ, new Shape(q, d), bias, shapes);
        keysAndValues.put(product(gqa.numKvHeads(), gqa.headDim()), bias);
        linear(prefix + ParameterNames.O_PROJ, new Shape(d, q), gqa.biases().ofOutput(), shapes);
        if (gqa.norm() != null) {
            shapes.put(prefix + ParameterNames.Q_NORM, new Shape(1, gqa.norm().size(gqa.numHeads(), gqa.headDim())));
            shapes.put(prefix + ParameterNames.K_NORM, new Shape(1, gqa.norm().size(gqa.numKvHeads(), gqa.headDim())));
        }
    }

    private static void latent(AttentionConfig.Mla mla, String prefix, int d, Map<String, Shape> shapes) {
        int h = mla.numHeads();
        int r = mla.kvLoraRank();
        boolean bias = mla.biases().ofInputs();
        if (mla.qLoraRank() == 0) {
            linear(prefix + ParameterNames.Q_PROJ, new Shape(product(h, mla.qkHeadDim()), d), bias, shapes);
        } else {
            linear(prefix + ParameterNames.Q_A_PROJ, new Shape(mla.qLoraRank(), d), bias, shapes);
            if (mla.qNorm()) {
                shapes.put(prefix + ParameterNames.Q_A_NORM, new Shape(1, mla.qLoraRank()));
            }
            shapes.put(prefix + ParameterNames.Q_B_PROJ, new Shape(product(h, mla.qkHeadDim()), mla.qLoraRank()));
        }
        if (mla.keyScales() != null) {
            int keys = product(mla.keyScales().numKeyHeads(), mla.qkNopeHeadDim());
            linear(prefix + ParameterNames.K_PROJ, new Shape(keys, d), bias, shapes);
        }
        linear(prefix + ParameterNames.KV_A_PROJ, new Shape(r + mla.qkRopeHeadDim(), d), bias, shapes);
        if (mla.kvNorm()) {
            shapes.put(prefix + ParameterNames.KV_A_NORM, new Shape(1, r));
        }
        shapes.put(prefix + ParameterNames.KV_B_PROJ, new Shape(product(h, mla.qkNopeHeadDim() + mla.vHeadDim()), r));
        Shape output = new Shape(d, product(h, mla.vHeadDim()));
        linear(prefix + ParameterNames.O_PROJ, output, mla.biases().ofOutput(), shapes);
    }

    private static void linear(String name, Shape shape, boolean bias, Map<String, Shape> shapes) {
        shapes.put(name, shape);
        if (bias) {
            shapes.put(ParameterNames.bias(name), new Shape(1, shape.rows()));
        }
    }

    private static int product(int heads, int width) {
        try {
            return Math.multiplyExact(heads, width);
        } catch (ArithmeticException e) {
            throw new ConfigException(heads + " heads of " + width + " dimensions are too many", e);
        }
    }
}
