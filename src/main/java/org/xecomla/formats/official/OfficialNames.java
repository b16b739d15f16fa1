package org.xecomla.formats.official;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;

/** What the official code calls the weights: those of latent layers {@code mla.*}, all others as Llama. */
final class OfficialNames {
    private static final Map<String, String> STORED = Map.of(
            ParameterNames.Q_PROJ, "mla.q_proj.weight",
            ParameterNames.Q_A_PROJ, "mla.q_a_proj.weight",
            ParameterNames.Q_A_NORM, "mla.q_a_layernorm.weight",
            ParameterNames.Q_B_PROJ, "mla.q_b_proj.weight",
            ParameterNames.KV_A_PROJ, "mla.kv_a_proj_with_mqa.weight",
            ParameterNames.KV_A_NORM, "mla.kv_a_layernorm.weight",
            ParameterNames.KV_B_PROJ, "mla.kv_b_proj.weight",
            ParameterNames.O_PROJ, "mla.out_proj.weight");

    private static final Map<String, String> PARAMETERS =
            STORED.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));

    private OfficialNames() {}

    /** The parameter here that the official code calls {@code stored}; any other name is the same. */
    static String parameter(String stored) {
        return ParameterNames.inLayer(stored)
                .map(place -> ParameterNames.layer(place.layer()) + PARAMETERS.getOrDefault(place.name(), place.name()))
                .orElse(stored);
    }

    /** What the official code calls a parameter of {@code model}. */
    static String stored(ModelConfig model, String parameter) {
        Optional<ParameterNames.InLayer> latent = ParameterNames.inLayer(parameter)
                .filter(place -> model.attention().get(place.layer()) instanceof AttentionConfig.Mla);
        return latent.map(
                        place -> ParameterNames.layer(place.layer()) + STORED.getOrDefault(place.name(), place.name()))
                .orElse(parameter);
    }
}
