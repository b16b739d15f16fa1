package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.MomentSums;
import org.xecomla.upcycle.lowrank.LayerSpectrum;

/**
 * Makes a student from a base: latent layers one by one, everything else copied, parameter by parameter, so that no
 * second copy of the model is held. Here all is made on one thread, by {@link StudentParts} in parts that run wherever
 * one likes.
 */
public final class StudentInitializer {
    private StudentInitializer() {}

    /**
     * The whole way from a base to its student: calibration where the plan needs one, the search for slots where it
     * asks for them, then layer by layer.
     *
     * @param text consecutive windows of one text, at least {@link UpcyclePlan#numCalibrationWindows}; asked for at
     *     most once
     * @param type of the student's weights
     * @throws org.xecomla.errors.UserException where there is too little text
     */
    public static Student make(
            ModelDirectory base,
            UpcyclePlan plan,
            Supplier<List<TokenSequence>> text,
            Kernels kernels,
            ElementType type) {
        BaseWeights weights = BaseWeights.of(base);
        if (!plan.needsCalibration()) {
            return initialise(weights, plan, null, Map.of(), Map.of(), type);
        }
        List<TokenSequence> windows = plan.windows(text.get());
        Calibration calibration = calibrate(base, plan, windows, kernels);
        UpcyclePlan slotted = SlotPlanner.planned(weights, plan, calibration, kernels);
        Map<Integer, UpcycledLayer> full = full(weights, slotted, calibration, kernels.type());
        Map<Integer, MomentSums> gradients = new HashMap<>();
        GradientSource source = GradientSource.of(weights, full.values());
        for (List<TokenSequence> part : GradientSource.parts(slotted.gradientWindows(windows))) {
            source.moments(() -> full.values().stream(), part, slotted.latentLayers(), kernels)
                    .forEach((layer, sums) -> gradients.merge(layer, sums, MomentSums::plus));
        }
        return initialise(weights, slotted, calibration, full, gradients, type);
    }

    /** The layers of full rank that gradients are taken in, as a model of {@code type} holds them; commonly none. */
    private static Map<Integer, UpcycledLayer> full(
            BaseWeights base, UpcyclePlan plan, Calibration calibration, ElementType type) {
        Map<Integer, UpcycledLayer> full = new TreeMap<>();
        if (plan.gradientsOfStudent()) {
            for (LayerPlan layer : plan.atFullRank().layers()) {
                UpcycledLayer made = layer(base, layer, calibration.layer(layer.layer()));
                full.put(layer.layer(), type == ElementType.FLOAT ? made.rounded() : made);
            }
        }
        return full;
    }

    private static Student initialise(
            BaseWeights base,
            UpcyclePlan plan,
            Calibration calibration,
            Map<Integer, UpcycledLayer> full,
            Map<Integer, MomentSums> gradients,
            ElementType type) {
        IntFunction<LayerActivations> seen =
                layer -> calibration == null ? null : calibration.layer(layer).withGradients(gradients.get(layer));
        UpcyclePlan ranked = plan.ranked(() -> plan.layers().stream()
                .map(layer -> spectrum(base, layer, seen.apply(layer.layer())))
                .toList());
        Stream<UpcycledLayer> layers = ranked.layers().stream()
                .map(layer -> layer(base, layer, seen.apply(layer.layer()), full.get(layer.layer())));
        return assemble(base, layers, ranked.notes(), type);
    }

    /** The calibration that {@code plan} asks for, on its windows. */
    static Calibration calibrate(ModelDirectory base, UpcyclePlan plan, List<TokenSequence> windows, Kernels kernels) {
        int numKept = plan.search() == null ? 0 : SlotChoice.LAST_WINDOWS;
        return calibrate(base, plan.latentLayers(), numKept, windows, kernels);
    }

    /**
     * Loads {@code base} for one forward pass over calibration text and lets it go again.
     *
     * @param numKept windows whose inputs are kept whole; 0: none
     * @param windows each a sequence of its own
     * @param kernels compute it
     */
    static Calibration calibrate(
            ModelDirectory base, List<Integer> layers, int numKept, List<TokenSequence> windows, Kernels kernels) {
        ModelConfig config = base.config();
        int longest =
                windows.stream().mapToInt(window -> window.ids().length).max().orElse(1);
        try (ParameterStore weights =
                ParameterStore.zeros(CausalLm.layout(config, name -> false), kernels.memory(), kernels.type())) {
            base.load(weights);
            try (CausalLm model = new CausalLm(config, weights, null, kernels, longest)) {
                return numKept > 0
                        ? Calibration.keepingWindows(model, windows, layers, numKept)
                        : Calibration.of(model, windows, layers);
            }
        }
    }

    /** What the ranks of a layer are chosen by; a pure function as {@link #layer}. */
    static LayerSpectrum spectrum(BaseWeights base, LayerPlan plan, LayerActivations activations) {
        BaseAttention attention = base.attention(plan.layer());
        return activations == null || activations.gradients() == null || plan.lowRank() != null
                ? Upcycler.of(plan.method()).spectrum(plan, attention, activations)
                : GradientReduction.spectrum(attention, activations.gradients());
    }

    /** The same as {@link #layer}; cut out of {@code full} where gradients were taken in that. */
    static UpcycledLayer layer(BaseWeights base, LayerPlan plan, LayerActivations activations, UpcycledLayer full) {
        return full == null ? layer(base, plan, activations) : GradientReduction.of(full, plan, activations);
    }

    /** Makes one layer of the student; a pure function of the base's weights, the plan and the activations. */
    public static UpcycledLayer layer(BaseWeights base, LayerPlan plan, LayerActivations activations) {
        return Upcycler.of(plan.method()).upcycle(plan, base.attention(plan.layer()), activations);
    }

    /**
     * Makes all layers, one after another, and the student of them.
     *
     * @param calibration null where the plan needs none
     * @param type of the student's weights
     * @throws org.xecomla.errors.ConfigException where the plan needs a calibration and there is none
     */
    public static Student initialise(BaseWeights base, UpcyclePlan plan, Calibration calibration, ElementType type) {
        plan.requireCalibration(calibration != null);
        return initialise(base, plan, calibration, Map.of(), Map.of(), type);
    }

    /** The student of layers that were made elsewhere; those of the base that are not among them stay as they are. */
    public static Student assemble(BaseWeights base, List<UpcycledLayer> layers, List<String> notes, ElementType type) {
        return assemble(base, layers.stream(), notes, type);
    }

    /** The same of layers that come one by one, each let go before the next. */
    static Student assemble(BaseWeights base, Stream<UpcycledLayer> layers, List<String> notes, ElementType type) {
        List<UpcycledLayer> shapes = new ArrayList<>();
        Map<String, Tensor> made = new HashMap<>();
        List<ParameterStore> stores = new ArrayList<>();
        try {
            layers.forEachOrdered(layer -> {
                stores.add(offHeap(layer, type, made));
                shapes.add(layer.withoutTensors());
            });
            return assemble(base, shapes, made, notes, type);
        } finally {
            stores.forEach(ParameterStore::close);
        }
    }

    private static Student assemble(
            BaseWeights base,
            List<UpcycledLayer> layers,
            Map<String, Tensor> made,
            List<String> notes,
            ElementType type) {
        List<AttentionConfig> attention = new ArrayList<>(base.config().attention());
        List<LayerReport> reports = new ArrayList<>();
        for (int l = 0; l < attention.size(); l++) {
            reports.add(LayerReport.kept(l, attention.get(l)));
        }
        for (UpcycledLayer layer : layers) {
            attention.set(layer.report().layer(), layer.report().attention());
            reports.set(layer.report().layer(), layer.report());
        }
        ModelConfig config = PlainRope.where(base.config().withAttention(attention));
        ParameterLayout layout = CausalLm.layout(config, name -> true);
        ParameterStore weights = ParameterStore.zeros(layout, Nd4jMemory.INSTANCE, type);
        for (String name : layout.places().keySet()) {
            Tensor target = weights.get(name); // (rows, cols)
            Tensor tensor = made.get(name); // (rows, cols); null: the base's
            if (tensor == null) {
                base.copy(name, target);
            } else if (type == ElementType.DOUBLE) {
                target.write(tensor.toDoubles());
            } else {
                target.write(tensor.toFloats(), 0);
            }
        }
        return new Student(config, weights, new InitReport(reports, notes));
    }

    /** Moves a layer's tensors off the heap and names them in {@code made}. */
    private static ParameterStore offHeap(UpcycledLayer layer, ElementType type, Map<String, Tensor> made) {
        ParameterLayout layout = ParameterLayout.of(layer.tensors().entrySet().stream()
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), true))
                .toList());
        ParameterStore store = ParameterStore.zeros(layout, Nd4jMemory.INSTANCE, type);
        layer.tensors().forEach((name, tensor) -> {
            store.get(name).write(tensor.toDoubles());
            made.put(name, store.get(name));
        });
        return store;
    }
}
