package org.xecomla.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.UserException;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.engine.SizingKernels;

/**
 * A Llama-type decoder whose layers are each grouped-query or latent attention, over parameters that it does not own.
 *
 * <p>Re-entrant: every forward keeps its own caches on the arena it was given. What a call hands back lies on the arena
 * too; mark before the call, release when done. Legend: B batch, T time, D model, V vocabulary; ids and rows are b * T
 * + t.
 */
public final class CausalLm implements AutoCloseable {
    private final ModelConfig config;
    private final ParameterStore weights;
    private final ParameterStore gradients;
    private final Kernels kernels;
    private final int maxSequenceLength;
    private final ComputeConfig.Recompute recompute;
    private final RopeTables ropeTables;

    private final Backbone backbone;
    private final ChunkedHead head;

    /**
     * @param weights all parameters, of {@link #layout}
     * @param gradients of the trainable parameters; null: inference. A tied head adds into the embedding's
     * @param kernels of the stores' type
     * @param maxSequenceLength the longest T that will be asked for
     * @param recompute what the backward computes again instead of keeping it from the forward; gradients are the same,
     *     bit for bit
     */
    public CausalLm(
            ModelConfig config,
            ParameterStore weights,
            ParameterStore gradients,
            Kernels kernels,
            int maxSequenceLength,
            ComputeConfig.Recompute recompute) {
        this(
                config,
                weights,
                gradients,
                kernels,
                maxSequenceLength,
                recompute,
                RopeTables.of(config, maxSequenceLength, kernels));
    }

    /** A model whose backward computes nothing again. */
    public CausalLm(
            ModelConfig config,
            ParameterStore weights,
            ParameterStore gradients,
            Kernels kernels,
            int maxSequenceLength) {
        this(config, weights, gradients, kernels, maxSequenceLength, ComputeConfig.Recompute.NONE);
    }

    CausalLm(
            ModelConfig config,
            ParameterStore weights,
            ParameterStore gradients,
            Kernels kernels,
            int maxSequenceLength,
            ComputeConfig.Recompute recompute,
            RopeTables ropeTables) {
        this.recompute = recompute;
        this.config = config;
        this.weights = weights;
        this.gradients = gradients;
        this.kernels = kernels;
        this.maxSequenceLength = maxSequenceLength;
        this.ropeTables = ropeTables;
        Parameters parameters = new Parameters(weights, gradients, kernels);
        this.backbone = Backbone.of(config, parameters, ropeTables, maxSequenceLength, recompute);
        String headName = config.tieWordEmbeddings() ? ParameterNames.EMBEDDING : ParameterNames.HEAD;
        this.head = ChunkedHead.of(parameters.linear(headName)); // (V, D)
    }

    /** Where the parameters of {@code config} lie; those whose name passes {@code trainable} are trained. */
    public static ParameterLayout layout(ModelConfig config, Predicate<String> trainable) {
        return ParameterLayout.of(ParameterShapes.of(config).entrySet().stream()
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), trainable.test(e.getKey())))
                .toList());
    }

    Backbone backbone() {
        return backbone;
    }

    public ModelConfig config() {
        return config;
    }

    public ParameterStore weights() {
        return weights;
    }

    /** Null: inference. */
    public ParameterStore gradients() {
        return gradients;
    }

    public Kernels kernels() {
        return kernels;
    }

    public int maxSequenceLength() {
        return maxSequenceLength;
    }

    /**
     * Bytes that an arena must hold for {@code calls}: they are made on this model over kernels and an arena without
     * memory. Whatever they return or read is meaningless, shapes apart.
     */
    public long arenaBytes(BiConsumer<CausalLm, Arena> calls) {
        try (Arena sizing = Arena.sizing(weights.type());
                Kernels nothing = new SizingKernels(weights.type())) {
            calls.accept(
                    new CausalLm(config, weights, gradients, nothing, maxSequenceLength, recompute, ropeTables),
                    sizing);
            return sizing.peakBytes();
        }
    }

    /**
     * Inference: hidden states after the final norm, (B*T, D), on top of the arena. Only one block's scratch is held at
     * a time, and none when this returns.
     *
     * @param ids (B*T)
     * @param observer told the attention's input of every layer; null: nobody
     * @throws UserException if a sequence is too long or an id is outside the vocabulary
     */
    public Tensor hiddenStates(int[] ids, Sequences sequences, Arena arena, LayerObserver observer) {
        return backbone.inference(ids, sequences, arena, (l, block, cache, y) -> {
            if (observer != null) {
                observer.attentionInput(l, cache.attentionInput());
            }
        });
    }

    /** Hidden states of sequences that are seen as a whole. */
    public Tensor hiddenStates(int[] ids, int numSequences, Arena arena, LayerObserver observer) {
        return hiddenStates(ids, Sequences.of(numSequences, ids.length), arena, observer);
    }

    /**
     * Inference that keeps what every layer says, on top of the arena.
     *
     * @param ids (B*T)
     */
    public LayerStates layerStates(int[] ids, Sequences sequences, Arena arena) {
        List<Tensor> attention = new ArrayList<>();
        List<Tensor> block = new ArrayList<>();
        for (int l = 0; l < config.numLayers(); l++) {
            attention.add(arena.matrix(ids.length, config.hiddenSize())); // (B*T, D)
            block.add(arena.matrix(ids.length, config.hiddenSize())); // (B*T, D)
        }
        long mark = arena.mark();
        backbone.inference(ids, sequences, arena, (l, made, cache, y) -> {
            made.attended(cache, attention.get(l)); // (B*T, D)
            kernels.elementwise().copy(y, block.get(l)); // (B*T, D)
        });
        arena.release(mark);
        return new LayerStates(attention, block);
    }

    /**
     * Rows that {@link #logits} is well asked for at once: fewer cost time, for the head is read anew; more only
     * memory.
     */
    public static int logitRows(ModelConfig config) {
        return ChunkedHead.rows(config.vocabSize());
    }

    /**
     * The head: {@code out} = {@code hidden} times its transpose.
     *
     * @param hidden (n, D), some rows of {@link #hiddenStates}
     * @param out (n, V), overwritten; with fewer columns, those of the first ids
     */
    public void logits(Tensor hidden, Tensor out) {
        head.head().firstOutputs(out.cols()).forward(hidden, out); // (n, V)
    }

    /**
     * Losses of rows whose hidden states are known.
     *
     * @param hidden (n, D), some rows of {@link #hiddenStates}
     */
    public LossSums lossOfHidden(Tensor hidden, TokenLoss loss, Arena arena) {
        return head.loss(hidden, loss, arena);
    }

    /** Losses without gradients; the arena is as before. Same arguments and errors as {@link #lossAndGradients}. */
    public LossSums loss(int[] ids, Sequences sequences, TokenLoss loss, Arena arena) {
        long mark = arena.mark();
        LossSums sums = head.loss(hiddenStates(ids, sequences, arena, null), loss, arena);
        arena.release(mark);
        return sums;
    }

    /** {@link #lossAndGradients(int[], Sequences, TokenLoss, LayerLoss, Arena)} of this loss alone. */
    public LossSums lossAndGradients(int[] ids, Sequences sequences, TokenLoss loss, Arena arena) {
        return lossAndGradients(ids, sequences, loss, null, arena);
    }

    /**
     * Adds into the gradients those of the loss, of its own weight. The arena is as before.
     *
     * @param ids (B*T)
     * @param loss of B*T rows
     * @param layers a loss of what the layers say, whose gradients are added too; null: none
     * @return the sums, not weighted
     * @throws UserException if a sequence is too long or an id is outside the vocabulary
     */
    public LossSums lossAndGradients(int[] ids, Sequences sequences, TokenLoss loss, LayerLoss layers, Arena arena) {
        try (TrainingPass pass = forward(ids, sequences, arena)) {
            LossSums sums = pass.lossAndGradients(0, ids.length, loss);
            pass.backward(layers);
            return sums;
        }
    }

    /**
     * A forward whose backward is to come.
     *
     * @param ids (B*T)
     * @param arena is as before once the pass is closed
     * @throws UserException if a sequence is too long or an id is outside the vocabulary
     */
    public TrainingPass forward(int[] ids, Sequences sequences, Arena arena) {
        if (gradients == null) {
            throw new IllegalStateException("a model without gradients cannot be trained");
        }
        return TrainingPass.of(backbone, head, ids, sequences, arena);
    }

    /** Frees the rope tables; weights and gradients belong to the caller. */
    @Override
    public void close() {
        ropeTables.close();
    }
}
