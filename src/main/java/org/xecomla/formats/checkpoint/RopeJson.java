package org.xecomla.formats.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;

/** {@code rope_scaling} and {@code rope_parameters} of a model's configuration, to and from {@link RopeScaling}. */
public final class RopeJson {
    private static final Set<String> PLAIN = Set.of("default", "none");

    /** What a written factor on cos and sin may differ by from the one that mscale gives. */
    private static final double ROUNDING = 1e-12;

    private RopeJson() {}

    /**
     * Reads what an object says about scaling, as transformers does: {@code type} and {@code rope_type} mean the same;
     * YaRN's {@code attention_factor} goes before {@code mscale}, which counts only beside {@code mscale_all_dim}.
     *
     * @param originalLength of llama3 and YaRN, where the object does not say
     */
    public static RopeScaling read(ModelJson json, int originalLength) {
        String type = json.text("rope_type", json.text("type", "default"));
        if (PLAIN.contains(type)) {
            return RopeScaling.NONE;
        }
        int original = json.integer("original_max_position_embeddings", originalLength);
        return switch (type) {
            case "linear" -> linear(json);
            case "llama3" -> {
                double factor = json.number("factor");
                double low = json.number("low_freq_factor");
                double high = json.number("high_freq_factor");
                yield json.naming(() -> new RopeScaling.Llama3(factor, low, high, original));
            }
            case "yarn" -> asTransformers(json, originalLength);
            default ->
                throw new ConfigException(json.where() + ": the rope type " + type
                        + " is not supported: default, linear, llama3 and yarn are");
        };
    }

    public static RopeScaling linear(ModelJson json) {
        double factor = json.number("factor");
        return json.naming(() -> new RopeScaling.Linear(factor));
    }

    private static RopeScaling asTransformers(ModelJson json, int originalLength) {
        RopeScaling.Yarn yarn = yarn(json, originalLength);
        if (json.has("attention_factor")) {
            double factor = json.number("attention_factor");
            boolean same = Math.abs(yarn.attentionFactor() - factor) <= ROUNDING;
            return same ? yarn : json.naming(() -> yarn.withAttentionFactor(factor));
        }
        boolean counts = json.number("mscale", 0) != 0 && json.number("mscale_all_dim", 0) != 0;
        return counts ? yarn : json.naming(() -> yarn.withMscale(1, 0));
    }

    /** Reads YaRN's keys as DeepSeek's own code, and X-EcoMLA's after it. */
    public static RopeScaling.Yarn yarn(ModelJson json, int originalLength) {
        double factor = json.number("factor");
        int original = json.integer("original_max_position_embeddings", originalLength);
        double betaFast = json.number("beta_fast", 32);
        double betaSlow = json.number("beta_slow", 1);
        double mscale = json.number("mscale", 1);
        double allDim = json.number("mscale_all_dim", 0);
        if (!json.flag("truncate", true)) {
            throw json.unsupported("truncate", "YaRN's ramp is rounded to whole dimensions here");
        }
        return json.naming(() -> new RopeScaling.Yarn(factor, original, betaFast, betaSlow, mscale, allDim));
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
            writeYarn(target.putObject(key), yarn);
        } else {
            throw new ConfigException("explicit rope frequencies cannot be written as " + key);
        }
    }

    private static void writeYarn(ObjectNode json, RopeScaling.Yarn yarn) {
        json.put("rope_type", "yarn")
                .put("factor", yarn.factor())
                .put("original_max_position_embeddings", yarn.originalMaxPositionEmbeddings())
                .put("beta_fast", yarn.betaFast())
                .put("beta_slow", yarn.betaSlow())
                .put("mscale", yarn.mscale())
                .put("mscale_all_dim", yarn.mscaleAllDim());
        boolean readAsIs =
                yarn.mscale() == 1 && yarn.mscaleAllDim() == 0 || yarn.mscale() != 0 && yarn.mscaleAllDim() != 0;
        if (!readAsIs) {
            json.put("attention_factor", yarn.attentionFactor());
        }
    }
}
