package org.xecomla.config.model;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The parameters of a model by their names in Hugging Face's Llama and DeepSeek classes, in checkpoint order, with the
 * shape [out, in] of each. A norm's gain is (1, n).
 */
public final class ParameterShapes {
    public static final String EMBEDDING = "model.embed_tokens.weight";
    public static final String FINAL_NORM = "model.norm.weight";
    public static final String HEAD = "lm_head.weight";

    /** Rows and columns of a parameter. */
    public record Shape(int rows, int cols) {
        public long numElements() {
            return (long) rows * cols;
        }
    }

    private ParameterShapes() {}

    /** Prefix of layer {@code layer}'s parameters, with its trailing dot. */
    public static String layer(int layer) {
        return "model.layers." + layer + ".";
    }

    /** All parameters of {@code model}; the head is absent where it is tied to the embedding. */
    public static Map<String, Shape> of(ModelConfig model) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        int d = model.hiddenSize();
        int f = model.intermediateSize();
        shapes.put(EMBEDDING, new Shape(model.vocabSize(), d));
        for (int l = 0; l < model.numLayers(); l++) {
            String prefix = layer(l);
            shapes.put(prefix + "input_layernorm.weight", new Shape(1, d));
            attention(model.attention().get(l), prefix + "self_attn.", d, shapes);
            shapes.put(prefix + "post_attention_layernorm.weight", new Shape(1, d));
            shapes.put(prefix + "mlp.gate_proj.weight", new Shape(f, d));
            shapes.put(prefix + "mlp.up_proj.weight", new Shape(f, d));
            shapes.put(prefix + "mlp.down_proj.weight", new Shape(d, f));
        }
        shapes.put(FINAL_NORM, new Shape(1, d));
        if (!model.tieWordEmbeddings()) {
            shapes.put(HEAD, new Shape(model.vocabSize(), d));
        }
        return shapes;
    }

    /** How many numbers {@code model} has to learn; a tied head is not counted twice. */
    public static long numParameters(ModelConfig model) {
        return of(model).values().stream().mapToLong(Shape::numElements).sum();
    }

    private static void attention(AttentionConfig attention, String prefix, int d, Map<String, Shape> shapes) {
        if (attention instanceof AttentionConfig.Gqa gqa) {
            int kv = gqa.numKvHeads() * gqa.headDim();
            shapes.put(prefix + "q_proj.weight", new Shape(gqa.numHeads() * gqa.headDim(), d));
            shapes.put(prefix + "k_proj.weight", new Shape(kv, d));
            shapes.put(prefix + "v_proj.weight", new Shape(kv, d));
            shapes.put(prefix + "o_proj.weight", new Shape(d, gqa.numHeads() * gqa.headDim()));
        } else if (attention instanceof AttentionConfig.Mla mla) {
            latent(mla, prefix, d, shapes);
        }
    }

    private static void latent(AttentionConfig.Mla mla, String prefix, int d, Map<String, Shape> shapes) {
        int h = mla.numHeads();
        int r = mla.kvLoraRank();
        if (mla.qLoraRank() == 0) {
            shapes.put(prefix + "q_proj.weight", new Shape(h * mla.qkHeadDim(), d));
        } else {
            shapes.put(prefix + "q_a_proj.weight", new Shape(mla.qLoraRank(), d));
            if (mla.qNorm()) {
                shapes.put(prefix + "q_a_layernorm.weight", new Shape(1, mla.qLoraRank()));
            }
            shapes.put(prefix + "q_b_proj.weight", new Shape(h * mla.qkHeadDim(), mla.qLoraRank()));
        }
        shapes.put(prefix + "kv_a_proj_with_mqa.weight", new Shape(r + mla.qkRopeHeadDim(), d));
        if (mla.kvNorm()) {
            shapes.put(prefix + "kv_a_layernorm.weight", new Shape(1, r));
        }
        shapes.put(prefix + "kv_b_proj.weight", new Shape(h * (mla.qkNopeHeadDim() + mla.vHeadDim()), r));
        shapes.put(prefix + "o_proj.weight", new Shape(d, h * mla.vHeadDim()));
    }
}
