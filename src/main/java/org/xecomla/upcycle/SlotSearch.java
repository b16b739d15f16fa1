package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.linalg.Matrix;
import org.xecomla.nn.AttentionProbe;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LowRank;
import org.xecomla.upcycle.base.NormedHeads;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.slots.PhasedPlan;
import org.xecomla.upcycle.slots.RopeSlot;

/**
 * How far one layer's attention is from the base's when it is made with given slots: the layer alone is converted and
 * reads the base's own inputs, so that candidates are compared without any further forward pass of the model. The error
 * is ||a - a*||<sup>2</sup> / ||a*||<sup>2</sup> over some windows, a* the base's attention output.
 *
 * <p>Windows must be as long as the context that is served: slots that were judged on shorter ones fail beyond them.
 *
 * <p>Legend: D model, T tokens of a window, R rank of the KV latent, P rope.
 */
final class SlotSearch {
    /**
     * What is tried on a layer.
     *
     * @param keyWeight kappa of {@link PhasedPlan}
     */
    record Candidate(List<RopeSlot> slots, double keyWeight) implements Serializable {
        Candidate {
            slots = List.copyOf(slots);
        }
    }

    private final LayerPlan plan;
    private final BaseAttention base;
    private final Matrix output; // (D, H*E)
    private final PhasedRopeKey ropeKey;
    private final PhasedLatent latent;
    private final List<float[]> windows; // (T, D) each, row by row
    private final List<float[]> expected; // (T, D) each
    private final Kernels kernels;

    /**
     * @param moment E[x x<sup>T</sup>] of the layer's inputs (D, D)
     * @param output weight of o_proj (D, H*E)
     * @param windows the layer's inputs after the RMSNorm, (T*D) each
     */
    SlotSearch(
            LayerPlan plan, BaseAttention base, Matrix output, Matrix moment, List<float[]> windows, Kernels kernels) {
        this.plan = plan;
        this.base = base;
        this.output = output;
        this.windows = List.copyOf(windows);
        this.kernels = kernels;
        this.ropeKey = new PhasedRopeKey(base, moment);
        this.latent = new PhasedLatent(base, moment);
        this.expected = outputs(base.shape().withoutBiases(), weights(base), windows.size());
    }

    private static Map<String, Matrix> weights(BaseAttention base) {
        Map<String, Matrix> weights = new LinkedHashMap<>();
        NormedHeads normed = base.normed();
        weights.put(ParameterNames.Q_PROJ, normed == null ? base.query() : normed.query()); // (H*E, D)
        weights.put(ParameterNames.K_PROJ, normed == null ? base.key() : normed.key()); // (K*E, D)
        weights.put(ParameterNames.V_PROJ, base.value()); // (K*E, D)
        if (normed != null) {
            AttentionConfig.HeadNorm norm = base.shape().norm();
            int ofQueries = norm.size(base.shape().numHeads(), base.shape().headDim());
            int ofKeys = norm.size(base.shape().numKvHeads(), base.shape().headDim());
            weights.put(ParameterNames.Q_NORM, Matrix.build(1, ofQueries, (r, c) -> normed.queryGains()[c]));
            weights.put(ParameterNames.K_NORM, Matrix.build(1, ofKeys, (r, c) -> normed.keyGains()[c]));
        }
        return weights;
    }

    /**
     * Errors of {@code candidates} in their order, over the first {@code numWindows} windows, or all where there are
     * fewer.
     */
    List<Double> errors(List<Candidate> candidates, int numWindows) {
        Map<List<RopeSlot>, List<Integer>> bySlots = new LinkedHashMap<>();
        for (int i = 0; i < candidates.size(); i++) {
            bySlots.computeIfAbsent(candidates.get(i).slots(), slots -> new ArrayList<>())
                    .add(i);
        }
        Double[] errors = new Double[candidates.size()];
        bySlots.forEach((slots, places) -> {
            double[] keyWeights = places.stream()
                    .mapToDouble(i -> candidates.get(i).keyWeight())
                    .toArray();
            List<Double> found = errors(slots, keyWeights, Math.min(numWindows, windows.size()));
            for (int i = 0; i < places.size(); i++) {
                errors[places.get(i)] = found.get(i);
            }
        });
        return List.of(errors);
    }

    /**
     * How far a layer that was made is off, over all windows.
     *
     * @param tensors by checkpoint name, o_proj not among them
     */
    double error(AttentionConfig attention, Map<String, Matrix> tensors) {
        String prefix = ParameterNames.layer(plan.layer());
        Map<String, Matrix> ofLayer = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> ofLayer.put(name.substring(prefix.length()), tensor));
        return distance(outputs(attention, ofLayer, windows.size()));
    }

    private List<Double> errors(List<RopeSlot> slots, double[] keyWeights, int numWindows) {
        SharedRopeKey rope = ropeKey.of(slots);
        LayerPlan made = plan.withPhased(new PhasedPlan(slots, 1, false));
        int rank = ((RankPolicy.Fixed) made.kvRank()).rank();
        AttentionConfig.Mla attention = made.attention(base.shape().withoutBiases(), rank, 0, made.ropeScaling());
        Map<String, Matrix> tensors = new HashMap<>();
        tensors.put(ParameterNames.Q_PROJ, PhasedUpcycler.query(made, base, rope)); // (H*(N+P), D)
        if (base.normed() != null) {
            tensors.put(ParameterNames.K_PROJ, base.normed().key()); // (K*E, D)
        }
        Matrix key = rope.key(base); // (P, D)
        List<Double> errors = new ArrayList<>();
        for (LowRank kv : latent.roughly(rope, keyWeights, rank)) {
            tensors.put(ParameterNames.KV_A_PROJ, Matrix.stack(kv.down(), key)); // (R+P, D)
            tensors.put(ParameterNames.KV_B_PROJ, base.readByQueries(kv.up(), made.unrotatedFactor(base)));
            errors.add(distance(outputs(attention, tensors, numWindows)));
        }
        return errors;
    }

    private double distance(List<float[]> outputs) {
        double off = 0;
        double all = 0;
        for (int w = 0; w < outputs.size(); w++) {
            float[] made = outputs.get(w); // (T, D)
            float[] wanted = expected.get(w); // (T, D)
            for (int i = 0; i < made.length; i++) {
                double difference = (double) made[i] - wanted[i];
                off += difference * difference;
                all += (double) wanted[i] * wanted[i];
            }
        }
        return all == 0 ? off : off / all;
    }

    /** Of attention with these weights, by their names in the layer. (T, D) for every window. */
    private List<float[]> outputs(AttentionConfig attention, Map<String, Matrix> tensors, int numWindows) {
        String prefix = ParameterNames.layer(plan.layer());
        Map<String, Matrix> named = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> named.put(prefix + name, tensor));
        named.put(prefix + ParameterNames.O_PROJ, output); // (D, H*E)
        ParameterLayout layout = ParameterLayout.of(named.entrySet().stream()
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), false))
                .toList());
        List<float[]> outputs = new ArrayList<>();
        try (ParameterStore weights = ParameterStore.zeros(layout, kernels.memory(), kernels.type())) {
            named.forEach((name, tensor) -> weights.get(name).write(tensor.toDoubles()));
            for (float[] window : windows.subList(0, numWindows)) {
                outputs.add(AttentionProbe.outputs(
                        attention, base.ropeTheta(), weights, prefix, kernels, window)); // (T, D)
            }
        }
        return outputs;
    }
}
