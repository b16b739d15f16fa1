package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.xecomla.config.Mha2MlaConfig;
import org.xecomla.config.RankConfig;
import org.xecomla.config.ServerPreset;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeSlots;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.lowrank.LayerSpectrum;
import org.xecomla.upcycle.lowrank.RankBudget;

/**
 * The section {@code upcycle} of a configuration, worked out for a given base: what becomes of every layer that is made
 * latent.
 *
 * @param layers ascending by layer; layers that stay as they are have none
 * @param search for slots, which must be done before layers are made; null: nothing to search
 * @param ranks that must be divided among the layers before they are made; null: their plans say them
 * @param gradientTokens how many tokens of the calibration text gradients are taken on; 0: none are asked for
 * @param calibrationTokens how many tokens of text the calibration looks at
 * @param notes what the user should know, one line each
 */
public record UpcyclePlan(
        List<LayerPlan> layers,
        Search search,
        RankBudget ranks,
        int gradientTokens,
        int calibrationTokens,
        List<String> notes)
        implements Serializable {
    /** At least so many windows of the calibration text are searched on, unless a longer length is asked for. */
    private static final int SEARCH_WINDOWS = 4;

    /**
     * What slots are searched for, and on what.
     *
     * @param ropeDim rotated dimensions that were asked for; 0: the search's choice
     * @param length tokens of a window
     * @param why it is that long, for a person
     */
    public record Search(RopeSlots slots, int ropeDim, int length, String why) implements Serializable {
        private static Search of(UpcycleConfig config, ModelConfig base) {
            int context = base.maxPositionEmbeddings();
            int allowed = Math.max(2, config.calibrationTokens() / SEARCH_WINDOWS);
            int length = config.searchLength().orElse(Math.min(context, allowed));
            if (length > context) {
                throw new ConfigException("upcycle.search-length = " + length + " is more than the base's context of "
                        + context + " tokens: use at most that");
            }
            String why = length == context
                    ? "the base's context"
                    : config.searchLength().isPresent()
                            ? "upcycle.search-length; the base's context is " + context
                            : "a quarter of upcycle.calibration-tokens; the base's context is " + context
                                    + ", give more where that is served";
            return new Search(config.ropeSlots(), config.qkRopeHeadDim().orElse(0), length, why);
        }
    }

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
        List<Integer> layers = layers(config, base);
        for (int layer : layers) {
            if (!(base.attention().get(layer) instanceof AttentionConfig.Gqa)) {
                throw new ConfigException("layer " + layer + " of the base is latent attention already: leave it out of"
                        + " upcycle.layers");
            }
        }
        if (config.preset().isPresent()) {
            ServerPreset preset = ServerPreset.of(
                    config, (AttentionConfig.Gqa) base.attention().get(layers.get(0)));
            return of(preset.applied(), base).withNote(preset.note());
        }
        checkRanks(config);
        if (config.method() != UpcycleConfig.Method.MHA2MLA && !config.mha2mla().equals(Mha2MlaConfig.DEFAULT)) {
            throw new ConfigException("section mha2mla is of upcycle.method = mha2mla alone: set that, or leave out"
                    + " what the section sets");
        }
        if (config.method() == UpcycleConfig.Method.LOWRANK) {
            return LowRankPlanner.plan(config, base, layers);
        }
        if (config.method() == UpcycleConfig.Method.MHA2MLA) {
            return Mha2MlaPlanner.plan(config, base, layers);
        }
        List<LayerPlan> plans = new ArrayList<>();
        Map<AttentionConfig.Gqa, LayerPlanner> planners = new LinkedHashMap<>();
        for (int layer : layers) {
            AttentionConfig.Gqa shape = (AttentionConfig.Gqa) base.attention().get(layer);
            LayerPlanner planner = planners.computeIfAbsent(shape, s -> new LayerPlanner(config, base, s));
            plans.add(planner.plan(layer));
        }
        List<String> notes = planners.values().stream()
                .flatMap(p -> p.note().stream())
                .distinct()
                .toList();
        Search search = config.method() == UpcycleConfig.Method.PHASED ? Search.of(config, base) : null;
        boolean gradients = config.ranks().factorsOr(RankConfig.Factors.WEIGHTED) == RankConfig.Factors.GRADIENT;
        return new UpcyclePlan(
                plans,
                search,
                budget(config, base, plans),
                gradients ? gradientTokens(config) : 0,
                config.calibrationTokens(),
                notes);
    }

    private UpcyclePlan withNote(String note) {
        List<String> all = new ArrayList<>(notes);
        all.add(0, note);
        return new UpcyclePlan(layers, search, ranks, gradientTokens, calibrationTokens, all);
    }

    /** Of latents of keys and values together; null where their ranks are known. */
    private static RankBudget budget(UpcycleConfig config, ModelConfig base, List<LayerPlan> plans) {
        if (config.ranks().policy() == RankConfig.Policy.FIXED) {
            return null;
        }
        if (config.kvEnergy().isPresent()) {
            throw new ConfigException("upcycle.kv-energy and upcycle.rank-policy both decide ranks: set one of them to"
                    + " none, or fixed");
        }
        AttentionConfig.Gqa shape = oneShape(
                config,
                plans.stream()
                        .map(plan -> (AttentionConfig.Gqa) base.attention().get(plan.layer()))
                        .toList());
        int total = plans.stream()
                .mapToInt(plan -> ((RankPolicy.Fixed) plan.kvRank()).rank())
                .sum();
        int full = Math.min(2 * shape.numKvHeads() * shape.headDim(), shape.numInputs(base.hiddenSize()));
        return RankBudget.of(config.ranks(), total, full, 1, plans.size());
    }

    /** The shape of layers whose ranks are compared with one another, which may differ in rope. */
    static AttentionConfig.Gqa oneShape(UpcycleConfig config, List<AttentionConfig.Gqa> shapes) {
        AttentionConfig.Gqa first = shapes.get(0);
        if (shapes.stream()
                .anyMatch(shape -> !shape.withRopeScaling(first.ropeScaling()).equals(first))) {
            throw new ConfigException("upcycle.rank-policy = "
                    + config.ranks().policy().name().toLowerCase(Locale.ROOT)
                    + " compares layers of one shape, and the base's differ: set it to fixed");
        }
        return first;
    }

    /** Tokens that gradients are taken on. */
    static int gradientTokens(UpcycleConfig config) {
        int tokens = config.ranks().gradientTokens().orElse(config.calibrationTokens());
        if (tokens > config.calibrationTokens()) {
            throw new ConfigException("upcycle.gradient-tokens = " + tokens
                    + " is more than upcycle.calibration-tokens = " + config.calibrationTokens()
                    + ", whose beginning they are: lower the one or raise the other");
        }
        return tokens;
    }

    /** What cannot be, whatever the base. */
    private static void checkRanks(UpcycleConfig config) {
        RankConfig ranks = config.ranks();
        String method = config.method().name().toLowerCase(Locale.ROOT);
        boolean lowRank = config.method() == UpcycleConfig.Method.LOWRANK;
        boolean aligned = config.method() == UpcycleConfig.Method.ALIGNED;
        RankConfig.Factors factors = ranks.factorsOr(RankConfig.Factors.WEIGHTED);
        boolean ofAligned = factors == RankConfig.Factors.WEIGHTED || factors == RankConfig.Factors.GRADIENT;
        if (!lowRank && ranks.factors().isPresent() && !(aligned && ofAligned)) {
            throw new ConfigException("upcycle.factors = " + factors.name().toLowerCase(Locale.ROOT)
                    + " does not go with upcycle.method = " + method + ": set it to auto"
                    + (aligned ? ", weighted or gradient" : ", or the method to aligned or lowrank"));
        }
        if (!lowRank && !aligned && ranks.policy() != RankConfig.Policy.FIXED) {
            throw new ConfigException("upcycle.rank-policy does not go with upcycle.method = " + method
                    + ": set it to fixed and, for ranks that differ, upcycle.kv-energy; or the method to aligned or"
                    + " lowrank");
        }
        if (ranks.policy() == RankConfig.Policy.GRADIENT && factors != RankConfig.Factors.GRADIENT) {
            throw new ConfigException(
                    "upcycle.rank-policy = gradient compares what the loss minds of every layer, which"
                            + " upcycle.factors = gradient alone knows: set that, or another rank-policy");
        }
        if (ranks.gradientTokens().isPresent() && factors != RankConfig.Factors.GRADIENT) {
            throw new ConfigException(
                    "upcycle.gradient-tokens is of upcycle.factors = gradient: set that, or leave it" + " out");
        }
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

    /** The layers whose slots are searched for, in their order. */
    List<LayerPlan> searched() {
        return search == null
                ? List.of()
                : layers.stream()
                        .filter(layer -> layer.method() == UpcycleConfig.Method.PHASED)
                        .toList();
    }

    /** The layers that become latent. */
    public List<Integer> latentLayers() {
        return layers.stream().map(LayerPlan::layer).toList();
    }

    /**
     * The shape of the student, found without its weights.
     *
     * <p>Exact with fixed ranks; ranks by energy follow from the weights, and stand here as the largest possible, those
     * that a budget over all layers divides as their mean.
     */
    public ModelConfig student(ModelConfig base) {
        List<AttentionConfig> attention = new ArrayList<>(base.attention());
        for (LayerPlan plan : layers) {
            AttentionConfig.Gqa shape = (AttentionConfig.Gqa) base.attention().get(plan.layer());
            attention.set(plan.layer(), plan.largestAttention(shape, base.hiddenSize()));
        }
        return base.withAttention(attention);
    }

    /** The setting that gives layers rope frequencies of their own, which only this project's format holds. */
    public Optional<String> ownFrequencies(ModelConfig base) {
        if (search != null) {
            return search.slots() == RopeSlots.OWN ? Optional.of("upcycle.rope-slots = own") : Optional.empty();
        }
        if (layers.get(0).mha2mla() != null) {
            return Optional.of("upcycle.method = mha2mla");
        }
        return layers.stream()
                .filter(plan -> plan.ropeRows() == UpcycleConfig.RopeRows.STRONGEST)
                .filter(plan -> plan.qkRopeHeadDim()
                        < base.attention().get(plan.layer()).ropeDim())
                .findFirst()
                .map(plan -> "upcycle.rope-rows = strongest");
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
            UpcycleConfig.Method method = layers.get(0).method();
            if (method == UpcycleConfig.Method.LOWRANK) {
                throw new ConfigException("upcycle.factors = "
                        + layers.get(0).lowRank().factors().name().toLowerCase(Locale.ROOT)
                        + " needs calibration text: give --calibration FILE.jsonl or corpus.train, or set"
                        + " upcycle.factors = weight");
            }
            if (method == UpcycleConfig.Method.MHA2MLA) {
                throw new ConfigException("mha2mla.selection = 2-norm needs calibration text: give --calibration"
                        + " FILE.jsonl or corpus.train, or set mha2mla.selection = uniform");
            }
            boolean aligned = method != UpcycleConfig.Method.XECOMLA;
            throw new ConfigException((aligned
                            ? "upcycle.method = " + method.name().toLowerCase(Locale.ROOT)
                            : "upcycle.kv-norm = true")
                    + " needs calibration text: give --calibration FILE.jsonl or corpus.train, or set "
                    + (aligned ? "upcycle.method = xecomla and upcycle.kv-norm = false" : "upcycle.kv-norm = false"));
        }
    }

    /**
     * The windows that the plan is calibrated on: as they are, or several joined where a search wants longer ones.
     *
     * @throws UserException where the text is shorter than one window
     */
    public List<TokenSequence> windows(List<TokenSequence> text) {
        if (search == null || text.isEmpty()) {
            return text;
        }
        int length = text.get(0).ids().length;
        int joined = Math.max(1, search.length() / length);
        List<TokenSequence> windows = new ArrayList<>();
        for (int from = 0; from + joined <= text.size(); from += joined) {
            windows.add(TokenSequence.joined(text.subList(from, from + joined)));
        }
        if (windows.isEmpty()) {
            throw new UserException("the calibration text has " + text.size() + " windows of " + length
                    + " tokens, too few for one of upcycle.search-length = "
                    + search.length()
                    + ": give more text, or a smaller length");
        }
        return windows;
    }

    /** Windows of {@code sequenceLength} tokens that the calibration takes, at least one. */
    public int numCalibrationWindows(int sequenceLength) {
        return numWindows(calibrationTokens, sequenceLength);
    }

    /** Those of the calibration's windows that gradients are taken on. */
    List<TokenSequence> gradientWindows(List<TokenSequence> windows) {
        int length = windows.get(0).ids().length;
        return gradientTokens == 0
                ? List.of()
                : windows.subList(0, Math.min(windows.size(), numWindows(gradientTokens, length)));
    }

    private static int numWindows(int tokens, int sequenceLength) {
        return Math.max(1, (int) (((long) tokens + sequenceLength - 1) / sequenceLength));
    }

    /** Whether gradients are taken in a student of full rank, not in the base. */
    boolean gradientsOfStudent() {
        return gradientTokens > 0 && layers.get(0).lowRank() == null;
    }

    /** The plan of that student. */
    UpcyclePlan atFullRank() {
        return new UpcyclePlan(
                layers.stream().map(LayerPlan::atFullRank).toList(), null, null, 0, calibrationTokens, List.of());
    }

    /** The same with layers that a search has decided on. */
    UpcyclePlan withLayers(List<LayerPlan> found, List<String> moreNotes) {
        List<String> all = new ArrayList<>(notes);
        all.addAll(moreNotes);
        return new UpcyclePlan(found, search, ranks, gradientTokens, calibrationTokens, all);
    }

    /**
     * The plan with ranks that follow from all its layers; itself where they are known.
     *
     * @param spectra of the layers, in their order; asked for only where they are needed
     */
    UpcyclePlan ranked(Supplier<List<LayerSpectrum>> spectra) {
        if (ranks == null) {
            return this;
        }
        List<List<Integer>> found = ranks.of(spectra.get());
        List<LayerPlan> ranked = IntStream.range(0, layers.size())
                .mapToObj(l -> layers.get(l).withRanks(found.get(l)))
                .toList();
        int spent = found.stream().flatMap(List::stream).mapToInt(r -> r).sum();
        return withLayers(
                ranked,
                spent == ranks.total()
                        ? List.of()
                        : List.of("ranks: " + spent + " of " + ranks.total()
                                + " elements are used, since ranks are whole and no layer may take more"));
    }
}
