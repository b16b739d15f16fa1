package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.xecomla.config.RankConfig;
import org.xecomla.config.RankConfig.Factors;
import org.xecomla.config.RankConfig.Policy;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.upcycle.lowrank.LayerSpectrum;
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
        Factors factors = config.ranks().factors().orElse(Factors.COVARIANCE);
        RankBudget budget = budget(config, base, shapes);
        List<LayerPlan> plans = IntStream.range(0, layers.size())
                .mapToObj(i -> {
                    RankBudget.Ranks ranks =
                            budget == null ? fixed(config, base, shapes.get(i)) : budget.largest(layers.size());
                    LowRankPlan plan =
                            new LowRankPlan(factors, config.ranks().shrinkage(), ranks.ofKeys(), ranks.ofValues());
                    return LayerPlan.lowRank(layers.get(i), config.singularValues(), plan);
                })
                .toList();
        return new UpcyclePlan(plans, null, budget, config.calibrationTokens(), List.of());
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
                "weighted is of method aligned: use covariance or weight");
    }

    private static void refuse(boolean set, String key, String why) {
        if (set) {
            throw new ConfigException("upcycle." + key + " does not go with upcycle.method = lowrank: " + why);
        }
    }

    /** Half of the budget each; of an odd number, values get the one that is left. */
    private static RankBudget.Ranks fixed(UpcycleConfig config, ModelConfig base, AttentionConfig.Gqa shape) {
        int elements = Math.max(2, elements(config, shape));
        int full = fullRank(base, shape);
        return new RankBudget.Ranks(Math.min(full, elements / 2), Math.min(full, elements - elements / 2));
    }

    private static int elements(UpcycleConfig config, AttentionConfig.Gqa shape) {
        return (int) Math.round(config.kvBudget() * shape.kvElementsPerToken());
    }

    private static int fullRank(ModelConfig base, AttentionConfig.Gqa shape) {
        return Math.min(shape.numKvHeads() * shape.headDim(), base.hiddenSize());
    }

    /** Null where ranks are fixed. */
    private static RankBudget budget(UpcycleConfig config, ModelConfig base, List<AttentionConfig.Gqa> shapes) {
        RankConfig ranks = config.ranks();
        if (ranks.policy() == Policy.FIXED) {
            return null;
        }
        AttentionConfig.Gqa first = shapes.get(0);
        if (shapes.stream().anyMatch(shape -> !shape.equals(first))) {
            throw new ConfigException("upcycle.rank-policy = "
                    + ranks.policy().name().toLowerCase(Locale.ROOT)
                    + " compares layers of one shape, and the base's differ: set it to fixed");
        }
        int total = (int) Math.round(config.kvBudget() * first.kvElementsPerToken() * shapes.size());
        int mean = total / (2 * shapes.size());
        int least = ranks.least().orElse(ranks.policy() == Policy.CARE ? Math.max(1, mean / 2) : 1);
        RankBudget budget = new RankBudget(ranks.policy(), ranks.rule(), total, least, fullRank(base, first));
        budget.requireRoom(shapes.size());
        return budget;
    }

    /**
     * The plan with ranks that follow from all its layers; itself where they are known.
     *
     * @param spectra of the plan's layers, in their order; asked for only where they are needed
     */
    static UpcyclePlan planned(UpcyclePlan plan, Supplier<List<LayerSpectrum>> spectra) {
        if (plan.ranks() == null) {
            return plan;
        }
        List<RankBudget.Ranks> ranks = plan.ranks().of(spectra.get());
        List<LayerPlan> layers = IntStream.range(0, ranks.size())
                .mapToObj(l -> plan.layers()
                        .get(l)
                        .withRanks(ranks.get(l).ofKeys(), ranks.get(l).ofValues()))
                .toList();
        List<String> notes = new ArrayList<>(plan.notes());
        note(plan, ranks).ifPresent(notes::add);
        return new UpcyclePlan(layers, plan.search(), null, plan.calibrationTokens(), notes);
    }

    private static Optional<String> note(UpcyclePlan plan, List<RankBudget.Ranks> ranks) {
        int spent = ranks.stream().mapToInt(r -> r.ofKeys() + r.ofValues()).sum();
        return spent == plan.ranks().total()
                ? Optional.empty()
                : Optional.of("ranks: " + spent + " of " + plan.ranks().total()
                        + " elements are used, since no layer may take more");
    }
}
