package org.xecomla.upcycle;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.upcycle.base.RankPolicy;

/**
 * Finds what the configuration leaves open for a base layer, and checks what it says. Legend: D model, H query heads, K
 * key heads, E head dimension, N nope, P rope, R rank of the KV latent.
 */
final class LayerPlanner {
    private static final int QUERY_MULTIPLE = 16;

    private final UpcycleConfig config;
    private final ModelConfig base;
    private final AttentionConfig.Gqa shape;
    private final boolean phased;
    private final boolean wholeHeads; // the base's heads stay as the unrotated part: aligned, phased
    private final RopeRows ropeRows;
    private final int ropeDim;
    private final int nopeDim;
    private final int kvRank;
    private final int queryRank; // 0: full
    private final RopeScaling scaling;

    LayerPlanner(UpcycleConfig config, ModelConfig base, AttentionConfig.Gqa shape) {
        this.config = config;
        this.base = base;
        this.shape = shape;
        this.phased = config.method() == UpcycleConfig.Method.PHASED && shape.isRotated();
        this.wholeHeads = config.method() != UpcycleConfig.Method.XECOMLA;
        requireFixedRank();
        this.ropeRows = ropeRows();
        this.ropeDim = config.qkRopeHeadDim().orElseGet(this::defaultRopeDim);
        checkRopeDim();
        this.nopeDim = nopeDim();
        this.kvRank = kvRank();
        this.queryRank = queryRank();
        this.scaling = StudentRope.scaling(config.ropeScaling(), config.method(), base, shape, ropeDim);
    }

    LayerPlan plan(int layer) {
        boolean fixed = config.fixedFirstLast() && (layer == 0 || layer == base.numLayers() - 1);
        RankPolicy query = policy(config.qEnergy(), fixed, queryRank);
        return new LayerPlan(
                layer,
                method(),
                policy(config.kvEnergy(), fixed, kvRank),
                query,
                nopeDim,
                ropeDim,
                ropeRows,
                config.singularValues(),
                config.kvNorm(),
                scaling,
                null);
    }

    /** Where nothing is rotated there are no phases, nor slots to search: such layers are made as by aligned. */
    private UpcycleConfig.Method method() {
        boolean searched = config.method() == UpcycleConfig.Method.PHASED;
        return searched && !phased ? UpcycleConfig.Method.ALIGNED : config.method();
    }

    /** What is worth knowing about the rope, if anything. */
    Optional<String> note() {
        if (phased) {
            return Optional.empty(); // its slots bring their frequencies, and the search tells of them
        }
        return ropeRows == RopeRows.STRONGEST
                ? Optional.of("rope: planes with frequencies of their own, which stock servers cannot run")
                : StudentRope.note(base, shape, ropeDim, scaling);
    }

    private void requireFixedRank() {
        if (phased && config.kvEnergy().isPresent()) {
            throw new ConfigException(
                    "upcycle.kv-energy does not go with method phased, whose search divides a fixed number"
                            + " of elements between latent and rope key: set upcycle.kv-budget, and kv-energy = none");
        }
    }

    private String methodName() {
        return config.method().name().toLowerCase(Locale.ROOT);
    }

    private RankPolicy policy(OptionalDouble energy, boolean fixed, int rank) {
        if (energy.isPresent() && !fixed) {
            return new RankPolicy.Energy(energy.getAsDouble(), config.energyRounding());
        }
        return rank == 0 ? null : new RankPolicy.Fixed(rank);
    }

    private RopeRows ropeRows() {
        if (phased && config.ropeRows().isPresent()) {
            throw new ConfigException(
                    "upcycle.rope-rows is not for method phased, which searches its slots: leave it out");
        }
        RopeRows rows = config.ropeRows().orElse(wholeHeads ? RopeRows.FOLD : RopeRows.LAST);
        boolean ofAligned = rows == RopeRows.FOLD || rows == RopeRows.STRONGEST;
        if (ofAligned != wholeHeads) {
            throw new ConfigException("upcycle.rope-rows = " + rows.name().toLowerCase(Locale.ROOT)
                    + " is not for method "
                    + (wholeHeads ? "aligned: use fold or strongest" : "xecomla: use last or stride"));
        }
        return rows;
    }

    /** Elements that the student may cache per token in latent and rope key. */
    private int budget() {
        return Math.max(2, (int) Math.round(config.kvBudget() * shape.kvElementsPerToken()) - numKeyScales());
    }

    private int numKeyScales() {
        return shape.norm() == null ? 0 : shape.keyScales().number();
    }

    /**
     * Aligned: the head dimension; X-EcoMLA: half of it. Where the budget is too small, the largest divisor that leaves
     * the latent at least as much as the rope key. Where nothing is rotated the latent does all, and the rope key has
     * the least that there can be.
     */
    private int defaultRopeDim() {
        int e = shape.headDim();
        if (wholeHeads && !shape.isRotated()) {
            return 2;
        }
        int wanted = wholeHeads ? e : e / 2;
        for (int dim = wanted / 2 * 2; dim > 2; dim -= 2) {
            boolean leavesRoom = config.kvLoraRank().isPresent() || 2 * dim <= budget();
            if (e % dim == 0 && leavesRoom) {
                return dim;
            }
        }
        return 2;
    }

    private void checkRopeDim() {
        int e = shape.headDim();
        String key = "upcycle.qk-rope-head-dim = " + ropeDim;
        if (ropeDim < 2 || ropeDim % 2 != 0) {
            throw new ConfigException(key + " is not an even positive number: rotary dimensions come in pairs");
        }
        if (ropeDim > e) {
            throw new ConfigException(key + " is more than the base's head dimension " + e + ": use at most that");
        }
        boolean folds = ropeRows == RopeRows.FOLD && !phased; // phased cuts the planes by its own search
        if ((ropeRows == RopeRows.STRIDE || folds) && e % ropeDim != 0) {
            throw new ConfigException(key + " does not divide the base's head dimension " + e + ", which rope-rows "
                    + ropeRows.name().toLowerCase(Locale.ROOT) + " asks for");
        }
    }

    private int nopeDim() {
        int e = shape.headDim();
        boolean normed = shape.norm() != null; // 1 / rms of the base's queries is asked of the unrotated part
        int dim = config.qkNopeHeadDim().orElse(wholeHeads || normed ? e : e - ropeDim);
        String key = "upcycle.qk-nope-head-dim = " + dim;
        if ((wholeHeads || normed) && dim != e) {
            throw new ConfigException(key + " does not go with "
                    + (wholeHeads ? "method " + methodName() + ", which keeps" : "norms of queries, which need")
                    + " the base's " + e + ": leave it out");
        }
        if (dim < 0 || dim > e) {
            throw new ConfigException(key + " is more than the base's head dimension " + e + ": use at most that");
        }
        return dim;
    }

    private int kvRank() {
        int possible = Math.min(2 * shape.numKvHeads() * shape.headDim(), shape.numInputs(base.hiddenSize()));
        if (config.kvLoraRank().isEmpty()) {
            int rank = Math.min(possible, budget() - ropeDim);
            if (rank < 1) {
                throw new ConfigException("upcycle.qk-rope-head-dim = " + ropeDim
                        + " leaves no room for a latent in upcycle.kv-budget = " + config.kvBudget() + " of the base's "
                        + shape.kvElementsPerToken() + " KV elements: lower the one or raise the other");
            }
            return rank;
        }
        int rank = config.kvLoraRank().getAsInt();
        if (rank < 1 || rank > possible) {
            throw new ConfigException("upcycle.kv-lora-rank = " + rank
                    + " is above the possible: keys and values of the" + " base have rank " + possible + " at most");
        }
        return rank;
    }

    private int queryRank() {
        int possible = Math.min(shape.numHeads() * shape.headDim(), shape.numInputs(base.hiddenSize()));
        int rank = config.qLoraRank().orElseGet(() -> Math.min(possible, parityRank()));
        if (rank < 0 || rank > possible) {
            throw new ConfigException("upcycle.q-lora-rank = " + rank
                    + " is above the possible: queries of the base have" + " rank " + possible + " at most");
        }
        return rank;
    }

    /** The largest multiple of 16 with which the student has fewer attention parameters than the base. */
    private int parityRank() {
        long d = base.hiddenSize();
        long h = shape.numHeads();
        long e = shape.headDim();
        long ofBase = d * h * e + 2 * d * shape.numKvHeads() * e;
        long ofScales = shape.norm() == null ? 0 : d * shape.numKvHeads() * e;
        long ofKv = d * (kvRank + ropeDim) + kvRank * h * (nopeDim + e) + ofScales;
        long each = d + h * (nopeDim + ropeDim);
        long below = Math.max(1, (ofBase - ofKv - 1) / each);
        return (int) (below < QUERY_MULTIPLE ? below : below / QUERY_MULTIPLE * QUERY_MULTIPLE);
    }
}
