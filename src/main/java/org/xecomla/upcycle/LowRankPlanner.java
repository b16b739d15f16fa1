package org.xecomla.upcycle;

import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.RankConfig.Factors;
import org.xecomla.config.RankConfig.Policy;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.upcycle.lowrank.LowRankPlan;
import org.xecomla.upcycle.lowrank.RankBudget;

/** The plan of method lowrank: latents of keys and of values apart, whose ranks may follow from all layers together. */
final class LowRankPlanner {
    private LowRankPlanner() {}

    /**
     * @param layers that get latents
     * @throws ConfigException where a setting does not go with the method, or the budget is too small
     */
    static UpcyclePlan plan(UpcycleConfig config, ModelConfig base, List<Integer> layers) {
        refuseWhatIsOfOthers(config);
        List<AttentionConfig.Gqa> shapes = layers.stream()
                .map(layer -> (AttentionConfig.Gqa) base.attention().get(layer))
                .toList();
        Factors factors = config.ranks().factorsOr(Factors.COVARIANCE);
        List<LayerPlan> plans = IntStream.range(0, layers.size())
                .mapToObj(i -> LayerPlan.lowRank(
                        layers.get(i), config.singularValues(), mean(config, base, shapes.get(i), factors)))
                .toList();
        return new UpcyclePlan(
                plans,
                null,
                budget(config, base, shapes),
                factors == Factors.GRADIENT ? UpcyclePlan.gradientTokens(config) : 0,
                config.calibrationTokens(),
                List.of());
    }

    private static void refuseWhatIsOfOthers(UpcycleConfig config) {
        refuse(config.kvLoraRank().isPresent(), "kv-lora-rank", "keys and values have a latent each: set kv-budget");
        refuse(
                config.qLoraRank().isEmpty() || config.qLoraRank().getAsInt() > 0,
                "q-lora-rank",
                "queries stay as they are: set it to none");
        refuse(config.qEnergy().isPresent(), "q-energy", "queries stay as they are: set it to none");
        refuse(
                config.kvEnergy().isPresent(),
                "kv-energy",
                "ranks follow from upcycle.kv-budget and rank-policy: set it to none");
        refuse(config.qkRopeHeadDim().isPresent(), "qk-rope-head-dim", "keys are rotated whole: set it to auto");
        refuse(config.qkNopeHeadDim().isPresent(), "qk-nope-head-dim", "keys are rotated whole: set it to auto");
        refuse(config.ropeRows().isPresent(), "rope-rows", "keys are rotated whole: set it to auto");
        refuse(config.kvNorm(), "kv-norm", "its latents have no norm: set it to false");
        refuse(
                config.ranks().factors().filter(Factors.WEIGHTED::equals).isPresent(),
                "factors",
                "weighted is of method aligned: use gradient, covariance or weight");
    }

    private static void refuse(boolean set, String key, String why) {
        if (set) {
            throw new ConfigException("upcycle." + key + " does not go with upcycle.method = lowrank: " + why);
        }
    }

    /** Half of the budget each; of an odd number, values get the one that is left. */
    private static LowRankPlan mean(
            UpcycleConfig config, ModelConfig base, AttentionConfig.Gqa shape, Factors factors) {
        int elements = Math.max(2, elements(config, shape));
        int full = fullRank(base, shape);
        return new LowRankPlan(
                factors,
                config.ranks().shrinkage(),
                Math.min(full, elements / 2),
                Math.min(full, elements - elements / 2));
    }

    private static int elements(UpcycleConfig config, AttentionConfig.Gqa shape) {
        return (int) Math.round(config.kvBudget() * shape.kvElementsPerToken());
    }

    private static int fullRank(ModelConfig base, AttentionConfig.Gqa shape) {
        return Math.min(shape.numKvHeads() * shape.headDim(), base.hiddenSize());
    }

    /** Null where ranks are fixed. */
    private static RankBudget budget(UpcycleConfig config, ModelConfig base, List<AttentionConfig.Gqa> shapes) {
        if (config.ranks().policy() == Policy.FIXED) {
            return null;
        }
        AttentionConfig.Gqa shape = UpcyclePlan.oneShape(config, shapes);
        int total = (int) Math.round(config.kvBudget() * shape.kvElementsPerToken() * shapes.size());
        return RankBudget.of(config.ranks(), total, fullRank(base, shape), 2, shapes.size());
    }
}
