package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.MomentSums;
import org.xecomla.upcycle.lowrank.GradientPass;

/**
 * The model that gradients are taken in: the base, or a student of it at full rank.
 *
 * @param base whose parameters it has where its layers have none
 * @param config of it
 */
record GradientSource(BaseWeights base, ModelConfig config) {
    /** Windows of a part, whose sums are added up first: the same whoever computes the parts. */
    private static final int PART_WINDOWS = 8;

    /** @param layers that are not the base's; of their tensors nothing is read */
    static GradientSource of(BaseWeights base, Collection<UpcycledLayer> layers) {
        List<AttentionConfig> attention = new ArrayList<>(base.config().attention());
        layers.forEach(
                layer -> attention.set(layer.report().layer(), layer.report().attention()));
        return new GradientSource(base, base.config().withAttention(attention));
    }

    /** How windows are divided among those who take gradients. */
    static List<List<TokenSequence>> parts(List<TokenSequence> windows) {
        List<List<TokenSequence>> parts = new ArrayList<>();
        for (int from = 0; from < windows.size(); from += PART_WINDOWS) {
            parts.add(windows.subList(from, Math.min(windows.size(), from + PART_WINDOWS)));
        }
        return parts;
    }

    /**
     * Moments of the gradients over one part, by layer.
     *
     * @param made the layers that are not the base's, with their tensors
     * @param asked layers
     */
    Map<Integer, MomentSums> moments(
            Supplier<Stream<UpcycledLayer>> made,
            List<TokenSequence> part,
            Collection<Integer> asked,
            Kernels kernels) {
        return GradientPass.of(config, store -> load(made.get(), store), part, asked, kernels);
    }

    private void load(Stream<UpcycledLayer> made, ParameterStore store) {
        Set<String> loaded = new HashSet<>();
        made.forEachOrdered(layer -> layer.tensors().forEach((name, tensor) -> {
            store.get(name).write(tensor.toDoubles());
            loaded.add(name);
        }));
        for (String name : store.layout().places().keySet()) {
            if (!loaded.contains(name)) {
                base.copy(name, store.get(name));
            }
        }
    }
}
