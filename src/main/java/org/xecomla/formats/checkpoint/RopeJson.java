package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

/** {@code rope_scaling} and {@code rope_parameters} of a model's configuration, to and from {@link RopeScaling}. */
public final class RopeJson {
    private static final Set<String> PLAIN = Set.of("default", "none");

    private RopeJson() {}

    /**
     * Reads what an object says about scaling; {@code type} and {@code rope_type} mean the same.
     *
     * @param originalLength of YaRN, where the object does not say
     */
    public static RopeScaling read(ModelJson json, int originalLength) {
        String type = json.text("rope_type", json.text("type", "default"));
        if (PLAIN.contains(type)) {
            return RopeScaling.NONE;
        }
        return switch (type) {
            case "linear" -> new RopeScaling.Linear(factor(json));
            case "llama3" ->
                new RopeScaling.Llama3(
                        factor(json),
                        json.number("low_freq_factor"),
                        json.number("high_freq_factor"),
                        json.integer("original_max_position_embeddings"));
            case "yarn" -> yarn(json, originalLength);
            default ->
                throw new ConfigException(json.where() + ": the rope type " + type
                        + " is not supported: default, linear, llama3 and yarn are");
        };
    }

    public static double factor(ModelJson json) {
        double factor = json.number("factor");
        if (factor < 1) {
            throw new ConfigException(json.where() + ": factor is " + factor + ", it must be at least 1");
        }
        return factor;
    }

    public static RopeScaling yarn(ModelJson json, int originalLength) {
        double factor = factor(json);
        double mscale = json.number("mscale", 1);
        double mscaleAllDim = json.number("mscale_all_dim", 0);
        if (!json.flag("truncate", true)) {
            throw json.unsupported("truncate", "YaRN's ramp is rounded to whole dimensions here");
        }
        if (json.has("attention_factor") && factor > 1) {
            mscale = (json.number("attention_factor") - 1) / (0.1 * Math.log(factor));
            mscaleAllDim = 0;
        }
        return new RopeScaling.Yarn(
                factor,
                json.integer("original_max_position_embeddings", originalLength),
                json.number("beta_fast", 32),
                json.number("beta_slow", 1),
                mscale,
                mscaleAllDim);
    }

    /** Puts {@code scaling} under {@code key}: null where it is plain. */
    public static void write(ObjectNode target, String key, RopeScaling scaling) {
        if (scaling instanceof RopeScaling.None) {
            target.putNull(key);
        } else if (scaling instanceof RopeScaling.Linear linear) {
            target.putObject(key).put("rope_type", "linear").put("factor", linear.factor());
        } else if (scaling instanceof RopeScaling.Llama3 llama3) {
            target.putObject(key)
                    .put("rope_type", "llama3")
                    .put("factor", llama3.factor())
                    .put("low_freq_factor", llama3.lowFreqFactor())
                    .put("high_freq_factor", llama3.highFreqFactor())
                    .put("original_max_position_embeddings", llama3.originalMaxPositionEmbeddings());
        } else if (scaling instanceof RopeScaling.Yarn yarn) {
            target.putObject(key)
                    .put("rope_type", "yarn")
                    .put("factor", yarn.factor())
                    .put("original_max_position_embeddings", yarn.originalMaxPositionEmbeddings())
                    .put("beta_fast", yarn.betaFast())
                    .put("beta_slow", yarn.betaSlow())
                    .put("mscale", yarn.mscale())
                    .put("mscale_all_dim", yarn.mscaleAllDim());
        } else {
            throw new ConfigException("explicit rope frequencies cannot be written as " + key);
        }
    }
}
