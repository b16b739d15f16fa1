package org.xecomla.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Section {@code upcycle}: how the student is made from the base. What is empty is found from the base.
 *
 * @param preset empty: ranks and rope are chosen freely
 * @param kvLoraRank empty: what kvBudget leaves beside the rope key
 * @param kvBudget share of the base's KV elements that a student without a given rank keeps
 * @param qLoraRank 0: full q_proj; empty: as many parameters as the base's attention
 * @param qkRopeHeadDim empty: by method and base
 * @param qkNopeHeadDim empty: by method and base
 * @param layers that become MLA, ascending, counted from 0; empty: every layer
 * @param kvEnergy share of the squared singular values that KV ranks keep; empty: fixed ranks
 * @param qEnergy the same for query ranks
 * @param fixedFirstLast first and last layer keep the fixed ranks
 * @param ropeRows empty: last for method xecomla, fold for aligned
 * @param ropeSlots of method phased
 * @param searchLength tokens of a window that slots are searched on; empty: the base's context, or what calibration
 *     allows
 * @param ranks of method lowrank
 * @param mha2mla of method mha2mla
 * @param calibrationTokens at most so many tokens of calibration text are used
 */
public record UpcycleConfig(
        Profile profile,
        Optional<Preset> preset,
        Method method,
        OptionalInt kvLoraRank,
        double kvBudget,
        OptionalInt qLoraRank,
        OptionalInt qkRopeHeadDim,
        OptionalInt qkNopeHeadDim,
        boolean kvNorm,
        Optional<List<Integer>> layers,
        OptionalDouble kvEnergy,
        OptionalDouble qEnergy,
        EnergyRounding energyRounding,
        boolean fixedFirstLast,
        Optional<RopeRows> ropeRows,
        SingularValues singularValues,
        RopeChoice ropeScaling,
        RopeSlots ropeSlots,
        OptionalInt searchLength,
        RankConfig ranks,
        Mha2MlaConfig mha2mla,
        int calibrationTokens) {
    /** Set of defaults: what stock servers load, or what X-EcoMLA's code ships. */
    public enum Profile {
        SERVING,
        PAPER
    }

    /** The server that ranks and rope are chosen for. */
    public enum Preset {
        LLAMA_CPP,
        VLLM,
        SGLANG,
        TRANSFORMERS
    }

    /**
     * How MLA weights come from the base's: X-EcoMLA's SVD, or rotation-aligned and activation-aware, or phase-aligned;
     * or keys and values by a product each, without MLA; or MHA2MLA's partial rope and SVD.
     */
    public enum Method {
        XECOMLA,
        ALIGNED,
        PHASED,
        LOWRANK,
        MHA2MLA
    }

    /** How a share of the energy becomes a rank. */
    public enum EnergyRounding {
        /** The number of prefix sums within the share, at least 1, rounded up to a multiple of 8: X-EcoMLA's code. */
        CODE,
        /** The smallest rank whose squared singular values sum up to at least the share: its paper. */
        PAPER
    }

    /** Where the rotated part of a head comes from: the first two for method xecomla, the others for aligned. */
    public enum RopeRows {
        /** The last dimensions of a head, neighbours paired, whatever plane they were in: X-EcoMLA's code. */
        LAST,
        /** Whole rotary planes of the base, evenly spread, so that frequencies stay the base's. */
        STRIDE,
        /** Neighbouring planes merged into one (FreqFold), turning with the frequency of the first. */
        FOLD,
        /** The planes whose shared key keeps most energy, with their own frequencies; stock servers cannot run it. */
        STRONGEST
    }

    /** Which factor of a cut SVD takes the singular values. The product is the same, training differs. */
    public enum SingularValues {
        /** The down projection: X-EcoMLA's code. */
        DOWN,
        /** The up projection: X-EcoMLA's paper. */
        UP
    }

    /** What the slots of the shared rope key may be, which method phased searches for. */
    public enum RopeSlots {
        /** The same in all layers, with the frequencies of a rope_theta: stock servers compute them. */
        SERVABLE,
        /** Every layer its own number and frequencies; only this project's format holds them. */
        OWN
    }

    /** Frequencies of MLA layers where the base scales its own: YaRN's, the base's, or plain ones. */
    public enum RopeChoice {
        YARN,
        /** YaRN with betas 32 and 1, which llama.cpp has built in. */
        FIXED_YARN,
        BASE,
        NONE
    }

    public UpcycleConfig {
        layers = layers.map(list -> list.stream().sorted().distinct().toList());
    }

    /** The same without a preset. */
    public UpcycleConfig withoutPreset() {
        return with(kvLoraRank, qkRopeHeadDim, ropeScaling);
    }

    /** The same without a preset, with what it has chosen. */
    public UpcycleConfig with(int rank, int ropeDim, RopeChoice rope) {
        return with(OptionalInt.of(rank), OptionalInt.of(ropeDim), rope);
    }

    private UpcycleConfig with(OptionalInt rank, OptionalInt ropeDim, RopeChoice rope) {
        return new UpcycleConfig(
                profile,
                Optional.empty(),
                method,
                rank,
                kvBudget,
                qLoraRank,
                ropeDim,
                qkNopeHeadDim,
                kvNorm,
                layers,
                kvEnergy,
                qEnergy,
                energyRounding,
                fixedFirstLast,
                ropeRows,
                singularValues,
                rope,
                ropeSlots,
                searchLength,
                ranks,
                mha2mla,
                calibrationTokens);
    }

    static UpcycleConfig of(StrictConfig config) {
        return new UpcycleConfig(
                config.choice("upcycle.profile", Profile.class),
                config.isWord("upcycle.preset", "none")
                        ? Optional.empty()
                        : Optional.of(config.choice("upcycle.preset", Preset.class)),
                config.choice("upcycle.method", Method.class),
                config.optionalInteger("upcycle.kv-lora-rank", Range.atLeast(1)),
                config.number("upcycle.kv-budget", Range.above(0).atMost(1)),
                config.isWord("upcycle.q-lora-rank", "none")
                        ? OptionalInt.of(0)
                        : config.optionalInteger("upcycle.q-lora-rank", Range.atLeast(1)),
                ropeDim(config),
                config.optionalInteger("upcycle.qk-nope-head-dim", Range.atLeast(1)),
                config.flag("upcycle.kv-norm"),
                config.isWord("upcycle.layers", "all")
                        ? Optional.empty()
                        : Optional.of(config.integers("upcycle.layers", Range.atLeast(0))),
                energy(config, "upcycle.kv-energy"),
                energy(config, "upcycle.q-energy"),
                config.choice("upcycle.energy-rounding", EnergyRounding.class),
                config.flag("upcycle.fixed-first-last"),
                config.optionalChoice("upcycle.rope-rows", RopeRows.class),
                config.choice("upcycle.singular-values", SingularValues.class),
                config.choice("upcycle.rope-scaling", RopeChoice.class),
                config.choice("upcycle.rope-slots", RopeSlots.class),
                config.optionalInteger("upcycle.search-length", Range.atLeast(2)),
                RankConfig.of(config),
                Mha2MlaConfig.of(config),
                config.integer("upcycle.calibration-tokens", Range.atLeast(1)));
    }

    private static OptionalInt ropeDim(StrictConfig config) {
        String key = "upcycle.qk-rope-head-dim";
        OptionalInt dim = config.optionalInteger(key, Range.atLeast(2));
        if (dim.isPresent() && dim.getAsInt() % 2 != 0) {
            throw config.error(key, "is odd: rotary dimensions come in pairs");
        }
        return dim;
    }

    private static OptionalDouble energy(StrictConfig config, String key) {
        return config.isWord(key, "none")
                ? OptionalDouble.empty()
                : config.optionalNumber(key, Range.above(0).atMost(1));
    }
}
