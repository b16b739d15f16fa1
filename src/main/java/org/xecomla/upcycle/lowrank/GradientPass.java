package org.xecomla.upcycle.lowrank;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.linalg.Matrix;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.LayerLoss;
import org.xecomla.nn.ProjectionObserver;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.upcycle.base.MomentSums;

/**
 * Moments of the gradients of what keys and values are made of, over text: how much the loss minds errors there. The
 * loss of a window is its mean cross-entropy with its own next tokens. Legend: B batch, T time, D model, G key heads, K
 * head dimension, R rank of the latent.
 */
public final class GradientPass implements LayerLoss {
    private final Map<Integer, Sums> layers = new TreeMap<>();

    private GradientPass(Collection<Integer> layers) {
        layers.forEach(layer -> this.layers.put(layer, new Sums()));
    }

    /**
     * One forward and one backward through a model for each window.
     *
     * @param load fills the model's weights
     * @param windows each a sequence of its own
     * @param layers those that will be asked for
     * @return of a grouped-query layer the sums of the gradients of keys (G*K, G*K), before norm and rotation, and of
     *     values (G*K, G*K); of a latent layer those of the latent itself (R, R), and of its gradient (R, R)
     */
    public static Map<Integer, MomentSums> of(
            ModelConfig config,
            Consumer<ParameterStore> load,
            List<TokenSequence> windows,
            Collection<Integer> layers,
            Kernels kernels) {
        // The backward goes down to the lowest layer that is trained, and computes gradients of nothing else.
        String lowest = ParameterNames.layer(Collections.min(layers)) + ParameterNames.INPUT_NORM;
        ParameterLayout layout = CausalLm.layout(config, lowest::equals);
        int longest =
                windows.stream().mapToInt(window -> window.ids().length).max().orElseThrow();
        GradientPass pass = new GradientPass(layers);
        try (ParameterStore weights = ParameterStore.zeros(layout, kernels.memory(), kernels.type());
                ParameterStore gradients = ParameterStore.zerosOfTrainable(layout, kernels.memory(), kernels.type())) {
            load.accept(weights);
            try (CausalLm model = new CausalLm(config, weights, gradients, kernels, longest, Recompute.BLOCKS)) {
                pass.run(model, windows, longest);
            }
        }
        Map<Integer, MomentSums> sums = new TreeMap<>();
        pass.layers.forEach((layer, of) -> sums.put(layer, of.sums));
        return sums;
    }

    private void run(CausalLm model, List<TokenSequence> windows, int longest) {
        int[] nothing = new int[longest];
        GradientPass nobody = new GradientPass(List.of());
        long bytes = model.arenaBytes((sized, arena) ->
                sized.lossAndGradients(nothing, Sequences.of(1, longest), new CrossEntropy(nothing), nobody, arena));
        try (Arena arena = Arena.of(model.kernels(), bytes)) {
            for (TokenSequence window : windows) {
                int[] labels = labels(window); // (T)
                long numLabels =
                        IntStream.of(labels).filter(label -> label >= 0).count();
                CrossEntropy loss = new CrossEntropy(labels, 1.0 / Math.max(1, numLabels));
                model.lossAndGradients(window.ids(), Sequences.of(1, window.starts()), loss, this, arena);
            }
        }
    }

    /** The next tokens that are learned; -1: none. (T) */
    private static int[] labels(TokenSequence window) {
        return IntStream.range(0, window.ids().length)
                .map(t -> window.learned()[t] && window.hasNext(t) ? window.ids()[t + 1] : -1)
                .toArray();
    }

    @Override
    public void attention(int layer, Tensor attended, Tensor dAttended, Arena arena) {
        // No loss of its own.
    }

    @Override
    public void block(int layer, Tensor y, Tensor dY, Arena arena) {
        // No loss of its own.
    }

    @Override
    public ProjectionObserver observer(int layer) {
        return layers.containsKey(layer) ? layers.get(layer) : ProjectionObserver.NONE;
    }

    /** What is added up for one layer. */
    private static final class Sums implements ProjectionObserver {
        private MomentSums sums; // null: nothing seen yet

        @Override
        public void keysAndValues(Tensor dK, Tensor dV) {
            add(dK, dV);
        }

        @Override
        public void latent(Tensor latent, Tensor dLatent) {
            add(latent, dLatent);
        }

        private void add(Tensor first, Tensor second) {
            MomentSums more = MomentSums.of(matrix(first), matrix(second));
            sums = sums == null ? more : sums.plus(more);
        }

        private static Matrix matrix(Tensor tensor) {
            return Matrix.of(tensor.rows(), tensor.cols(), tensor.toDoubles());
        }
    }
}
