package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.xecomla.config.UpcycleConfig.RopeSlots;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.errors.ConfigException;
import org.xecomla.linalg.Matrix;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.SlotChoice.Chosen;
import org.xecomla.upcycle.SlotSearch.Candidate;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.slots.RopeSlot;
import org.xecomla.upcycle.slots.SlotCandidates;

/** Searches the slots of a plan's layers and writes them into it, with what a person wants to know of it. */
final class SlotPlanner {
    private SlotPlanner() {}

    /** The plan itself where it asks for no search. */
    static UpcyclePlan planned(BaseWeights base, UpcyclePlan plan, Calibration calibration, Kernels kernels) {
        if (plan.search() == null) {
            return plan;
        }
        List<LayerPlan> layers = plan.searched();
        int length = calibration.windowLength(plan.layers().get(0).layer());
        return planned(base.config(), plan, length, (candidates, numWindows) -> IntStream.range(0, layers.size())
                .mapToObj(i -> errors(
                        base,
                        layers.get(i),
                        calibration.seen(layers.get(i).layer()),
                        kernels,
                        candidates.get(i),
                        numWindows))
                .toList());
    }

    /**
     * The same with candidates of the layers that are searched for judged by {@code evaluator}, wherever it does that.
     *
     * @param length tokens of its windows
     */
    static UpcyclePlan planned(ModelConfig base, UpcyclePlan plan, int length, SlotChoice.Evaluator evaluator) {
        UpcyclePlan.Search search = plan.search();
        List<LayerPlan> layers = plan.searched();
        if (layers.isEmpty()) {
            return plan;
        }
        SlotChoice choice = new SlotChoice(evaluator, layers.size());
        boolean shared = search.slots() == RopeSlots.SERVABLE;
        List<List<RopeSlot>> slots = candidates(base, plan, search, shared);
        List<Chosen> chosen = shared ? choice.shared(slots) : choice.own(slots);
        List<LayerPlan> found = new ArrayList<>(plan.layers());
        for (int i = 0; i < chosen.size(); i++) {
            found.set(
                    plan.layers().indexOf(layers.get(i)),
                    layers.get(i).withPhased(chosen.get(i).plan()));
        }
        List<String> notes = new ArrayList<>();
        notes.add("slots: " + slots.size() + " candidates on windows of " + windows(search, length));
        notes.addAll(notes(layers, chosen, shared));
        return plan.withLayers(found, notes);
    }

    /** Errors of a layer's candidates, in their order. */
    static List<Double> errors(
            BaseWeights base,
            LayerPlan layer,
            LayerCalibration seen,
            Kernels kernels,
            List<Candidate> candidates,
            int numWindows) {
        return search(base, layer, seen, kernels).errors(candidates, numWindows);
    }

    /** How long the windows were, and why: whole sequences are joined, so that they may be shorter than asked for. */
    private static String windows(UpcyclePlan.Search search, int length) {
        String asked = length == search.length() ? "" : String.format(Locale.ROOT, "%,d asked for: ", search.length());
        return String.format(Locale.ROOT, "%,d tokens (%s%s)", length, asked, search.why());
    }

    /** What judges a layer by its attention. */
    static SlotSearch search(BaseWeights base, LayerPlan layer, LayerCalibration seen, Kernels kernels) {
        AttentionConfig.Gqa shape =
                (AttentionConfig.Gqa) base.config().attention().get(layer.layer());
        int width = shape.numHeads() * shape.headDim();
        String name = ParameterNames.layer(layer.layer()) + ParameterNames.O_PROJ;
        Matrix output = Matrix.ofFloats(base.config().hiddenSize(), width, base.read(name)); // (D, H*E)
        return new SlotSearch(
                layer,
                base.attention(layer.layer()),
                output,
                seen.activations().secondMoment(),
                seen.windows(),
                kernels);
    }

    /** All layers are of one shape where slots are shared. */
    private static List<List<RopeSlot>> candidates(
            ModelConfig base, UpcyclePlan plan, UpcyclePlan.Search search, boolean shared) {
        LayerPlan first = plan.searched().get(0);
        AttentionConfig.Gqa shape = (AttentionConfig.Gqa) base.attention().get(first.layer());
        List<Double> frequencies = RopeFrequencies.of(shape.headDim(), base.ropeTheta(), shape.ropeScaling())
                .inverse();
        int elements = ((RankPolicy.Fixed) first.kvRank()).rank() + first.qkRopeHeadDim();
        SlotCandidates candidates = new SlotCandidates(frequencies, elements);
        List<List<RopeSlot>> slots = (shared ? candidates.servable() : candidates.own())
                .stream()
                        .filter(s -> search.ropeDim() == 0 || 2 * s.size() == search.ropeDim())
                        .toList();
        if (slots.isEmpty()) {
            throw new ConfigException("method phased has no slots for upcycle.qk-rope-head-dim = "
                    + (search.ropeDim() == 0 ? "auto" : search.ropeDim()) + " and " + elements
                    + " elements a layer: leave the key out, or raise upcycle.kv-budget");
        }
        return slots;
    }

    private static List<String> notes(List<LayerPlan> layers, List<Chosen> chosen, boolean shared) {
        List<String> notes = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            Chosen layer = chosen.get(i);
            notes.add(String.format(
                    Locale.ROOT,
                    "slots of layer %d: %s; keys weigh %.1f, attention is off by %.4f",
                    layers.get(i).layer(),
                    shared && i > 0 ? "the same" : describe(layer.plan().slots()),
                    layer.plan().keyWeight(),
                    layer.error()));
        }
        return notes;
    }

    private static String describe(List<RopeSlot> slots) {
        List<String> words = slots.stream()
                .map(slot -> String.format(Locale.ROOT, "%s at %.4g", slot.planes(), slot.frequency()))
                .toList();
        return String.join(", ", words);
    }
}
