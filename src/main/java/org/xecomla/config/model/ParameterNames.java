package org.xecomla.config.model;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of all parameters, those of Hugging Face's Llama and DeepSeek classes, and in their manner what no class of
 * theirs has; nothing else spells one. What stands in a layer is named without the layer: {@code layer(l) + Q_PROJ}.
 * {@link ParameterShapes} says which of them a model has.
 */
public final class ParameterNames {
    public static final String EMBEDDING = "model.embed_tokens.weight";
    public static final String FINAL_NORM = "model.norm.weight";
    public static final String HEAD = "lm_head.weight";

    public static final String INPUT_NORM = "input_layernorm.weight";
    public static final String POST_ATTENTION_NORM = "post_attention_layernorm.weight";

    public static final String Q_PROJ = "self_attn.q_proj.weight";
    public static final String K_PROJ = "self_attn.k_proj.weight";
    public static final String V_PROJ = "self_attn.v_proj.weight";
    public static final String O_PROJ = "self_attn.o_proj.weight";

    public static final String Q_NORM = "self_attn.q_norm.weight";
    public static final String K_NORM = "self_attn.k_norm.weight";

    public static final String K_A_PROJ = "self_attn.k_a_proj.weight";
    public static final String K_B_PROJ = "self_attn.k_b_proj.weight";
    public static final String V_A_PROJ = "self_attn.v_a_proj.weight";
    public static final String V_B_PROJ = "self_attn.v_b_proj.weight";

    public static final String Q_A_PROJ = "self_attn.q_a_proj.weight";
    public static final String Q_A_NORM = "self_attn.q_a_layernorm.weight";
    public static final String Q_B_PROJ = "self_attn.q_b_proj.weight";
    public static final String KV_A_PROJ = "self_attn.kv_a_proj_with_mqa.weight";
    public static final String KV_A_NORM = "self_attn.kv_a_layernorm.weight";
    public static final String KV_B_PROJ = "self_attn.kv_b_proj.weight";

    public static final String GATE_PROJ = "mlp.gate_proj.weight";
    public static final String UP_PROJ = "mlp.up_proj.weight";
    public static final String DOWN_PROJ = "mlp.down_proj.weight";

    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private static final Pattern IN_LAYER = Pattern.compile("model\\.layers\\.(\\d{1,9})\\.(.+)");

    /**
     * A parameter of a layer.
     *
     * @param name without the layer, such as {@link #Q_PROJ}
     */
    public record InLayer(int layer, String name) {}

    private ParameterNames() {}

    /** Prefix of layer {@code layer}'s parameters, with its trailing dot. */
    public static String layer(int layer) {
        return "model.layers." + layer + ".";
    }

    /** The layer and the name in it of a parameter; empty for embedding, final norm and head. */
    public static Optional<InLayer> inLayer(String parameter) {
        Matcher matcher = IN_LAYER.matcher(parameter);
        return matcher.matches()
                ? Optional.of(new InLayer(Integer.parseInt(matcher.group(1)), matcher.group(2)))
                : Optional.empty();
    }

    /** Whether {@code parameter} is the gain of a norm, (1, n), and no matrix. */
    public static boolean isNorm(String parameter) {
        return parameter.endsWith("norm.weight");
    }

    /** The name of the constant that is added to the product with {@code weight}. */
    public static String bias(String weight) {
        return weight.substring(0, weight.length() - WEIGHT.length()) + BIAS;
    }

    /** The name of the weight to whose product {@code bias} is added: the inverse of {@link #bias}. */
    public static String weight(String bias) {
        return bias.substring(0, bias.length() - BIAS.length()) + WEIGHT;
    }

    /** Whether {@code parameter} is such a constant, (1, n). */
    public static boolean isBias(String parameter) {
        return parameter.endsWith(BIAS);
    }

    /** Whether {@code parameter} is the gain of a norm or a bias, and stored as (n). */
    public static boolean isVector(String parameter) {
        return isNorm(parameter) || isBias(parameter);
    }

    /** Whether {@code parameter} is of an attention layer, its latent norms among them. */
    public static boolean isAttention(String parameter) {
        return parameter.contains(".self_attn.");
    }

    /** Whether what {@code parameter} multiplies is added to the residual stream. */
    public static boolean writesToStream(String parameter) {
        return parameter.endsWith(O_PROJ) || parameter.endsWith(DOWN_PROJ);
    }
}
