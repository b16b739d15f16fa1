package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;

/**
 * The section {@code upcycle} of a configuration, worked out for a given base: what becomes of every layer that is made
 * latent.
 *
 * @param layers ascending by layer; layers that stay as they are have none
 * @param calibrationTokens how many tokens of text the calibration looks at
 * @param notes what the user should know, one line each
 */
public record UpcyclePlan(List<LayerPlan> layers, int calibrationTokens, List<String> notes) implements Serializable {
    public UpcyclePlan {
        layers = List.copyOf(layers);
        notes = List.copyOf(notes);
    }

    /**
     * Works out the plan.
     *
     * @throws ConfigException where a value does not fit the base, naming the key and what would fit
     */
    public static UpcyclePlan of(UpcycleConfig config, ModelConfig base) {
        List<LayerPlan> plans = new ArrayList<>();
        Map<AttentionConfig.Gqa, LayerPlanner> planners = new LinkedHashMap<>();
        for (int layer : layers(config, base)) {
            if (!(base.attention().get(layer) instanceof AttentionConfig.Gqa shape)) {
                throw new ConfigException("layer " + layer + " of the base is latent attention already: leave it out of"
                        + " upcycle.layers");
            }
            LayerPlanner planner = planners.computeIfAbsent(shape, s -> new LayerPlanner(config, base, s));
            plans.add(planner.plan(layer));
        }
        List<String> notes = planners.values().stream()
                .flatMap(p -> p.note().stream())
                .distinct()
                .toList();
        return new UpcyclePlan(plans, config.calibrationTokens(), notes);
    }

    private static List<Integer> layers(UpcycleConfig config, ModelConfig base) {
        if (config.layers().isEmpty()) {
            return IntStream.range(0, base.numLayers()).boxed().toList();
        }
        List<Integer> layers = config.layers().get();
        if (layers.isEmpty()) {
            throw new ConfigException("upcycle.layers = [] makes no layer latent: name some, or set it to all");
        }
        for (int layer : layers) {
            if (layer < 0 || layer >= base.numLayers()) {
                throw new ConfigException("upcycle.layers names layer " + layer + ", but the base has layers 0 to "
                        + (base.numLayers() - 1));
            }
        }
        return layers;
    }

    /** The layers that become latent. */
    public List<Integer> latentLayers() {
        return layers.stream().map(LayerPlan::layer).toList();
    }

    /**
     * The shape of the student, found without its weights.
     *
     * <p>Exact with fixed ranks; ranks by energy follow from the weights, and stand here as the largest possible.
     */
    public ModelConfig student(ModelConfig base) {
        List<AttentionConfig> attention = new ArrayList<>(base.attention());
        for (LayerPlan plan : layers) {
            AttentionConfig.Gqa shape = (AttentionConfig.Gqa) base.attention().get(plan.layer());
            attention.set(plan.layer(), plan.largestAttention(shape, base.hiddenSize()));
        }
        return base.withAttention(attention);
    }

    /** Whether the student can only be made with calibration text. */
    public boolean needsCalibration() {
        return layers.stream().anyMatch(LayerPlan::needsActivations);
    }

    /**
     * Refuses a plan that needs calibration text where there is none.
     *
     * @throws ConfigException saying how to give it, and what would do without
     */
    public void requireCalibration(boolean given) {
        if (needsCalibration() && !given) {
            boolean aligned = layers.get(0).method() == UpcycleConfig.Method.ALIGNED;
            throw new ConfigException((aligned ? "upcycle.method = aligned" : "upcycle.kv-norm = true")
                    + " needs calibration text: give --calibration FILE.jsonl or corpus.train, or set "
                    + (aligned ? "upcycle.method = xecomla and upcycle.kv-norm = false" : "upcycle.kv-norm = false"));
        }
    }

    /** Windows of {@code sequenceLength} tokens that the calibration takes, at least one. */
    public int numCalibrationWindows(int sequenceLength) {
        return Math.max(1, (int) (((long) calibrationTokens + sequenceLength - 1) / sequenceLength));
    }
}
