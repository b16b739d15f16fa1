package org.xecomla.formats.gguf;

import java.util.Map;
import java.util.Optional;
import org.xecomla.config.model.ParameterNames;

/** What llama.cpp calls the parameters; {@code kv_b_proj} is two tensors there. */
final class GgufNames {
    static final String ROPE_FACTORS = "rope_freqs.weight";
    static final String KEY_UP = "attn_k_b.weight";
    static final String VALUE_UP = "attn_v_b.weight";

    private static final Map<String, String> OUTSIDE = Map.of(
            ParameterNames.EMBEDDING, "token_embd.weight",
            ParameterNames.FINAL_NORM, "output_norm.weight",
            ParameterNames.HEAD, "output.weight");

    private static final Map<String, String> IN_LAYER = Map.ofEntries(
            Map.entry(ParameterNames.INPUT_NORM, "attn_norm.weight"),
            Map.entry(ParameterNames.POST_ATTENTION_NORM, "ffn_norm.weight"),
            Map.entry(ParameterNames.Q_PROJ, "attn_q.weight"),
            Map.entry(ParameterNames.K_PROJ, "attn_k.weight"),
            Map.entry(ParameterNames.V_PROJ, "attn_v.weight"),
            Map.entry(ParameterNames.O_PROJ, "attn_output.weight"),
            Map.entry(ParameterNames.Q_A_PROJ, "attn_q_a.weight"),
            Map.entry(ParameterNames.Q_A_NORM, "attn_q_a_norm.weight"),
            Map.entry(ParameterNames.Q_B_PROJ, "attn_q_b.weight"),
            Map.entry(ParameterNames.KV_A_PROJ, "attn_kv_a_mqa.weight"),
            Map.entry(ParameterNames.KV_A_NORM, "attn_kv_a_norm.weight"),
            Map.entry(ParameterNames.GATE_PROJ, "ffn_gate.weight"),
            Map.entry(ParameterNames.UP_PROJ, "ffn_up.weight"),
            Map.entry(ParameterNames.DOWN_PROJ, "ffn_down.weight"));

    private GgufNames() {}

    /** The tensor of a parameter that is one. */
    static String of(String parameter) {
        Optional<ParameterNames.InLayer> place = ParameterNames.inLayer(parameter);
        if (place.isEmpty()) {
            return known(OUTSIDE.get(parameter), parameter);
        }
        String name = place.get().name();
        String stored = ParameterNames.isBias(name)
                ? ParameterNames.bias(known(IN_LAYER.get(ParameterNames.weight(name)), parameter))
                : known(IN_LAYER.get(name), parameter);
        return inLayer(place.get().layer(), stored);
    }

    static String inLayer(int layer, String name) {
        return "blk." + layer + "." + name;
    }

    private static String known(String name, String parameter) {
        if (name == null) {
            throw new IllegalArgumentException("GGUF has no tensor for parameter " + parameter);
        }
        return name;
    }
}
