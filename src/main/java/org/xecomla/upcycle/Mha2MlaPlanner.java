package org.xecomla.upcycle;

import java.util.Collections;
import java.util.List;
import org.xecomla.config.Mha2MlaConfig;
import org.xecomla.config.Mha2MlaConfig.Latent;
import org.xecomla.config.Mha2MlaConfig.Selection;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.upcycle.mha2mla.Mha2MlaPlan;

/** The plan of method mha2mla. Legend: K key heads, E head dimension, P rotated dimensions of a head, D model. */
final class Mha2MlaPlanner {
    private Mha2MlaPlanner() {}

    /** @throws ConfigException where a setting or the base does not go with the method */
    static UpcyclePlan plan(UpcycleConfig config, ModelConfig base, List<Integer> layers) {
        refuseWhatIsOfOthers(config);
        List<LayerPlan> plans = layers.stream()
                .map(layer -> plan(config, base, layer, (AttentionConfig.Gqa)
                        base.attention().get(layer)))
                .toList();
        return new UpcyclePlan(plans, null, null, 0, config.calibrationTokens(), List.of());
    }

    private static LayerPlan plan(UpcycleConfig config, ModelConfig base, int layer, AttentionConfig.Gqa shape) {
        refuseBase(layer, shape);
        int e = shape.headDim();
        int budget = (int) Math.round(config.kvBudget() * shape.kvElementsPerToken());
        int p = config.qkRopeHeadDim().orElseGet(() -> defaultRopeDim(config, shape, budget));
        checkRopeDim(config, p, e);
        int rank =
                config.kvLoraRank().orElse(Math.min(possible(config, base, shape, p), budget - shape.numKvHeads() * p));
        boolean split = config.mha2mla().latent() == Latent.SPLIT;
        int keyRank = split ? Math.min(rank / 2, keys(base, shape, p)) : 0;
        checkRank(config, base, shape, p, rank, keyRank);
        Mha2MlaPlan detail = new Mha2MlaPlan(config.mha2mla(), p / 2, keyRank, rank);
        int planes = shape.numKvHeads() * p / 2; // frequencies follow from the layer: a placeholder of their number
        return LayerPlan.mha2mla(
                layer, e - p, 2 * planes, new RopeScaling.Explicit(Collections.nCopies(planes, 1.0)), detail);
    }

    private static int keys(ModelConfig base, AttentionConfig.Gqa shape, int p) {
        return Math.min(shape.numKvHeads() * (shape.headDim() - p), base.hiddenSize());
    }

    private static int possible(UpcycleConfig config, ModelConfig base, AttentionConfig.Gqa shape, int p) {
        int values = Math.min(shape.numKvHeads() * shape.headDim(), base.hiddenSize());
        int together = shape.numKvHeads() * (2 * shape.headDim() - p);
        return config.mha2mla().latent() == Latent.SPLIT
                ? keys(base, shape, p) + values
                : Math.min(together, base.hiddenSize());
    }

    /** The largest even divisor of E whose rope keys take half of the budget at most; 2 where none does. */
    private static int defaultRopeDim(UpcycleConfig config, AttentionConfig.Gqa shape, int budget) {
        boolean given = config.kvLoraRank().isPresent();
        for (int p = shape.headDim() / 2 / 2 * 2; p > 2; p -= 2) {
            if (shape.headDim() % p == 0 && (given || 2 * shape.numKvHeads() * p <= budget)) {
                return p;
            }
        }
        return 2;
    }

    private static void checkRopeDim(UpcycleConfig config, int p, int e) {
        String key = "upcycle.qk-rope-head-dim = " + p;
        if (p >= e) {
            throw new ConfigException(key + " leaves nothing of a head of " + e + " unrotated: use less");
        }
        Mha2MlaConfig settings = config.mha2mla();
        if (settings.selection() == Selection.UNIFORM) {
            if (e % p != 0) {
                throw new ConfigException(key + " does not divide the base's head dimension " + e
                        + ", which mha2mla.selection = uniform asks for: use a divisor, or selection 2-norm");
            }
            if (settings.uniformStart() >= e / p) {
                throw new ConfigException("mha2mla.uniform-start = " + settings.uniformStart()
                        + " is not below the distance of planes, " + e / p + ": use less");
            }
        } else if (settings.uniformStart() > 0) {
            throw new ConfigException("mha2mla.uniform-start is of mha2mla.selection = uniform: set it to 0");
        }
    }

    private static void checkRank(
            UpcycleConfig config, ModelConfig base, AttentionConfig.Gqa shape, int p, int rank, int keyRank) {
        boolean split = config.mha2mla().latent() == Latent.SPLIT;
        if (rank < (split ? 2 : 1)) {
            throw new ConfigException("upcycle.qk-rope-head-dim = " + p + " of " + shape.numKvHeads()
                    + " key heads leaves no room for a latent: lower it, or raise upcycle.kv-budget");
        }
        int values = Math.min(shape.numKvHeads() * shape.headDim(), base.hiddenSize());
        if (rank > possible(config, base, shape, p) || split && rank - keyRank > values) {
            throw new ConfigException("upcycle.kv-lora-rank = " + rank + " is above the possible, "
                    + possible(config, base, shape, p) + ": use less");
        }
    }

    private static void refuseBase(int layer, AttentionConfig.Gqa shape) {
        if (!shape.isRotated()) {
            throw new ConfigException("upcycle.method = mha2mla chooses planes that stay rotated, and layer " + layer
                    + " of the base rotates none: leave it out of upcycle.layers, or use method aligned or lowrank");
        }
        if (shape.norm() != null) {
            throw new ConfigException("upcycle.method = mha2mla parts a head before its norm, and layer " + layer
                    + " of the base normalises queries and keys whole: use method aligned, phased or lowrank");
        }
        if (shape.biases().ofInputs()) {
            throw new ConfigException("upcycle.method = mha2mla has no place for the biases of queries, keys and values"
                    + " that layer " + layer + " of the base has: use method aligned, phased or lowrank");
        }
        if (shape.biases().ofOutput()) {
            throw new ConfigException("upcycle.method = mha2mla has no place for the bias of the output that layer "
                    + layer + " of the base has: use method aligned, phased or lowrank");
        }
    }

    private static void refuseWhatIsOfOthers(UpcycleConfig config) {
        refuse(
                config.qLoraRank().isEmpty() || config.qLoraRank().getAsInt() > 0,
                "q-lora-rank",
                "queries are only permuted: set it to none");
        refuse(config.qEnergy().isPresent(), "q-energy", "queries are only permuted: set it to none");
        refuse(config.kvEnergy().isPresent(), "kv-energy", "its ranks are fixed: set it to none");
        refuse(config.qkNopeHeadDim().isPresent(), "qk-nope-head-dim", "it follows from qk-rope-head-dim: use auto");
        refuse(config.ropeRows().isPresent(), "rope-rows", "mha2mla.selection says which: set it to auto");
        refuse(config.kvNorm(), "kv-norm", "its latent has no norm: set it to false");
    }

    private static void refuse(boolean set, String key, String why) {
        if (set) {
            throw new ConfigException("upcycle." + key + " does not go with upcycle.method = mha2mla: " + why);
        }
    }
}
