package org.xecomla.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.AttentionConfig;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.ParameterShapes;
import org.xecomla.config.UserException;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.SizingKernels;
import org.xecomla.tensor.Tensor;

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

    private final Tensor embedding; // (V, D)
    private final Tensor embeddingGradient; // (V, D), or null
    private final List<TransformerBlock> blocks;
    private final RmsNorm finalNorm;
    private final ChunkedHead head;
    private final int firstTrainedBlock; // no gradient is wanted below

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
                RopeTables.of(config, maxSequenceLength, weights.type()));
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

    private CausalLm(
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
        this.embedding = parameters.weight(ParameterShapes.EMBEDDING); // (V, D)
        this.embeddingGradient = parameters.gradient(ParameterShapes.EMBEDDING); // (V, D)
        List<TransformerBlock> made = new ArrayList<>();
        for (int l = 0; l < config.numLayers(); l++) {
            AttentionConfig attention = config.attention().get(l);
            RopeTable rope = ropeTables.get(attention);
            made.add(TransformerBlock.of(l, attention, config.rmsNormEps(), parameters, rope));
        }
        this.blocks = List.copyOf(made);
        this.finalNorm = parameters.norm(ParameterShapes.FINAL_NORM, config.rmsNormEps());
        String headName = config.tieWordEmbeddings() ? ParameterShapes.EMBEDDING : ParameterShapes.HEAD;
        this.head = ChunkedHead.of(parameters.linear(headName)); // (V, D)
        this.firstTrainedBlock = firstTrainedBlock();
    }

    /** Where the parameters of {@code config} lie; those whose name passes {@code trainable} are trained. */
    public static ParameterLayout layout(ModelConfig config, Predicate<String> trainable) {
        return ParameterLayout.of(ParameterShapes.of(config).entrySet().stream()
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), trainable.test(e.getKey())))
                .toList());
    }

    /**
     * What a model of these shapes takes for {@code calls}, which are made once over shapes without memory. Whatever they
     * return or read is meaningless, shapes apart.
     *
     * @param trainable tells by name which parameters have gradients; null: inference
     * @param maxSequenceLength the longest T that will be asked for
     * @param nothing stand for the kernels
     */
    public static Footprint footprint(
            ModelConfig config,
            Predicate<String> trainable,
            int maxSequenceLength,
            ComputeConfig.Recompute recompute,
            SizingKernels nothing,
            BiConsumer<CausalLm, Arena> calls) {
        DataType type = nothing.type();
        ParameterLayout layout = layout(config, trainable == null ? name -> false : trainable);
        Arena stores = Arena.sizing(type);
        ParameterStore weights = ParameterStore.on(stores, layout);
        ParameterStore gradients = trainable == null ? null : ParameterStore.trainableOn(stores, layout);
        RopeTables tables = RopeTables.sizing(config, maxSequenceLength, type);
        Arena arena = Arena.sizing(type);
        calls.accept(new CausalLm(config, weights, gradients, nothing, maxSequenceLength, recompute, tables), arena);
        return new Footprint(
                layout,
                type,
                layout.numParameters() * type.width(),
                gradients == null ? 0 : layout.numTrainableParameters() * type.width(),
                tables.numElements() * type.width(),
                arena.peakBytes(),
                nothing.scratchBytes());
    }

    /** The same in fp32 on {@code numThreads} threads. */
    public static Footprint footprint(
            ModelConfig config,
            Predicate<String> trainable,
            DataType type,
            int maxSequenceLength,
            ComputeConfig.Recompute recompute,
            int numThreads,
            BiConsumer<CausalLm, Arena> calls) {
        SizingKernels kernels = new SizingKernels(type, numThreads, ComputeConfig.Precision.FP32);
        return footprint(config, trainable, maxSequenceLength, recompute, kernels, calls);
    }

    List<TransformerBlock> blocks() {
        return blocks;
    }

    RmsNorm finalNorm() {
        return finalNorm;
    }

    /** @param x (n, D), overwritten */
    void embed(int[] ids, Tensor x) {
        kernels.gatherRows(embedding, ids, x); // (n, D)
    }

    private int firstTrainedBlock() {
        int first = 0;
        while (embeddingGradient == null
                && first < blocks.size()
                && !blocks.get(first).trainable()) {
            first++;
        }
        return first;
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
     * Elements that an arena must hold for {@code calls}: they are made on this model over kernels and an arena without
     * memory. Whatever they return or read is meaningless, shapes apart.
     */
    public long arenaElements(BiConsumer<CausalLm, Arena> calls) {
        try (Arena sizing = Arena.sizing(weights.type());
                Kernels nothing = new SizingKernels(weights.type())) {
            calls.accept(
                    new CausalLm(config, weights, gradients, nothing, maxSequenceLength, recompute, ropeTables),
                    sizing);
            return sizing.peakElements();
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
    public Tensor hiddenStates(int[] ids, int numSequences, Arena arena, LayerObserver observer) {
        return inference(ids, numSequences, arena, (l, block, cache, y) -> {
            if (observer != null) {
                observer.attentionInput(l, cache.attentionInput());
            }
        });
    }

    /** Sees a block right after its forward; cache and output y (B*T, D) are valid during the call only. */
    @FunctionalInterface
    interface BlockObserver {
        void forward(int layer, TransformerBlock block, TransformerBlock.Cache cache, Tensor y);
    }

    /**
     * Inference that keeps what every layer says, on top of the arena.
     *
     * @param ids (B*T)
     */
    public LayerStates layerStates(int[] ids, int numSequences, Arena arena) {
        List<Tensor> attention = new ArrayList<>();
        List<Tensor> block = new ArrayList<>();
        for (int l = 0; l < blocks.size(); l++) {
            attention.add(arena.matrix(ids.length, config.hiddenSize())); // (B*T, D)
            block.add(arena.matrix(ids.length, config.hiddenSize())); // (B*T, D)
        }
        long mark = arena.mark();
        inference(ids, numSequences, arena, (l, made, cache, y) -> {
            made.attended(cache, attention.get(l)); // (B*T, D)
            kernels.copy(y, block.get(l)); // (B*T, D)
        });
        arena.release(mark);
        return new LayerStates(attention, block);
    }

    Tensor inference(int[] ids, int numSequences, Arena arena, BlockObserver observer) {
        check(ids, numSequences);
        Tensor hidden = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        long mark = arena.mark();
        Tensor x = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        Tensor y = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        kernels.gatherRows(embedding, ids, x); // (B*T, D)
        for (int l = 0; l < blocks.size(); l++) {
            long markOfBlock = arena.mark();
            TransformerBlock.Cache cache = blocks.get(l).forward(x, numSequences, y, arena);
            observer.forward(l, blocks.get(l), cache, y);
            arena.release(markOfBlock);
            Tensor spent = x; // (B*T, D)
            x = y;
            y = spent;
        }
        finalNorm.forward(x, hidden, arena); // (B*T, D)
        arena.release(mark);
        return hidden;
    }

    /**
     * The head: {@code out} = {@code hidden} times its transpose.
     *
     * @param hidden (n, D), some rows of {@link #hiddenStates}
     * @param out (n, V), overwritten
     */
    public void logits(Tensor hidden, Tensor out) {
        head.head().forward(hidden, out); // (n, V)
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
    public LossSums loss(int[] ids, int numSequences, TokenLoss loss, Arena arena) {
        long mark = arena.mark();
        LossSums sums = head.loss(hiddenStates(ids, numSequences, arena, null), loss, arena);
        arena.release(mark);
        return sums;
    }

    /** {@link #lossAndGradients(int[], int, TokenLoss, double, double, Arena)} with one scale for both parts. */
    public LossSums lossAndGradients(int[] ids, int numSequences, TokenLoss loss, double gradientScale, Arena arena) {
        return lossAndGradients(ids, numSequences, loss, gradientScale, gradientScale, arena);
    }

    /**
     * Adds into the gradients those of (1 - alpha) T^2 klScale klSum + alpha ceScale ceSum, the sums being those that
     * are returned. The arena is as before.
     *
     * @param ids (B*T)
     * @param loss of B*T rows
     * @param klScale commonly 1 / positions with a target in the whole batch
     * @param ceScale commonly 1 / positions with a label in the whole batch
     * @throws UserException if a sequence is too long or an id is outside the vocabulary
     */
    public LossSums lossAndGradients(
            int[] ids, int numSequences, TokenLoss loss, double klScale, double ceScale, Arena arena) {
        return lossAndGradients(ids, numSequences, loss, klScale, ceScale, null, arena);
    }

    /** As above, and those of a loss of what the layers say; null: none. */
    public LossSums lossAndGradients(
            int[] ids,
            int numSequences,
            TokenLoss loss,
            double klScale,
            double ceScale,
            LayerLoss layers,
            Arena arena) {
        return gradients(
                ids,
                numSequences,
                (model, hidden, dHidden, scratch) ->
                        model.gradientsOfHidden(hidden, loss, klScale, ceScale, dHidden, scratch),
                layers,
                arena);
    }

    /**
     * A loss told by hidden states, and its gradient.
     *
     * @param <R> what is known of it afterwards
     */
    @FunctionalInterface
    public interface HiddenLoss<R> {
        /**
         * @param model that made the states; its {@link CausalLm#lossOfHidden} and {@link CausalLm#gradientsOfHidden} may be
         *     asked of some rows, as often as need be
         * @param hidden (B*T, D), after the final norm
         * @param dHidden (B*T, D), comes as zeros, leaves as the gradient
         */
        R apply(CausalLm model, Tensor hidden, Tensor dHidden, Arena arena);
    }

    /** Adds the gradients of any loss of the hidden states. The arena is as before; same errors as {@link #lossAndGradients}. */
    public <R> R gradients(int[] ids, int numSequences, HiddenLoss<R> loss, Arena arena) {
        return gradients(ids, numSequences, loss, null, arena);
    }

    private <R> R gradients(int[] ids, int numSequences, HiddenLoss<R> loss, LayerLoss layers, Arena arena) {
        if (gradients == null) {
            throw new IllegalStateException("a model without gradients cannot be trained");
        }
        check(ids, numSequences);
        long mark = arena.mark();
        Tensor dHidden = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        kernels.fill(dHidden, 0);
        Pass pass = forward(ids, numSequences, arena);
        R result = loss.apply(this, pass.normed.y(), dHidden, arena);
        backward(dHidden, ids, pass, layers, arena);
        arena.release(mark);
        return result;
    }

    /**
     * Adds into the head's gradient that of the loss of rows whose hidden states are known, scaled as in {@link
     * #lossAndGradients}; returns the losses.
     *
     * @param hidden (n, D), some rows
     * @param dHidden (n, D), the same rows, overwritten
     */
    public LossSums gradientsOfHidden(
            Tensor hidden, TokenLoss loss, double klScale, double ceScale, Tensor dHidden, Arena arena) {
        return head.lossAndGradients(hidden, loss, LossWeights.of(loss, klScale, ceScale), dHidden, arena);
    }

    /**
     * What the backward needs of a forward pass.
     *
     * @param inputs of every block (B*T, D)
     * @param caches of every block; null below the first trained one, and where the backward computes the block again
     */
    private record Pass(
            int numSequences, List<Tensor> inputs, List<TransformerBlock.Cache> caches, RmsNorm.Cache normed) {}

    private Pass forward(int[] ids, int numSequences, Arena arena) {
        Tensor x = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        kernels.gatherRows(embedding, ids, x); // (B*T, D)
        List<Tensor> inputs = new ArrayList<>();
        List<TransformerBlock.Cache> caches = new ArrayList<>();
        for (int l = 0; l < blocks.size(); l++) {
            Tensor y = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
            long mark = arena.mark();
            TransformerBlock.Cache cache = blocks.get(l).forward(x, numSequences, y, arena);
            boolean kept = l >= firstTrainedBlock && recompute == ComputeConfig.Recompute.NONE;
            if (!kept) {
                arena.release(mark);
            }
            caches.add(kept ? cache : null);
            inputs.add(x);
            x = y;
        }
        return new Pass(numSequences, inputs, caches, finalNorm.forward(x, arena));
    }

    private void backward(Tensor dHidden, int[] ids, Pass pass, LayerLoss layers, Arena arena) {
        Tensor dStream = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        kernels.fill(dStream, 0);
        // forward was: hidden = finalNorm(x)
        finalNorm.backward(dHidden, pass.normed, dStream); // (B*T, D)
        for (int l = blocks.size() - 1; l >= firstTrainedBlock; l--) {
            long mark = arena.mark();
            TransformerBlock.Cache kept = pass.caches.get(l);
            TransformerBlock.Cache cache =
                    kept != null ? kept : blocks.get(l).forwardAgain(pass.inputs.get(l), pass.numSequences, arena);
            if (layers != null) {
                Tensor y = l + 1 < blocks.size() ? pass.inputs.get(l + 1) : pass.normed.x(); // (B*T, D)
                layers.block(l, y, dStream, arena); // (B*T, D)
            }
            // forward was: y = block(x)
            blocks.get(l).backward(dStream, cache, l, layers, arena); // (B*T, D)
            arena.release(mark);
        }
        if (embeddingGradient != null) {
            // forward was: x = rows ids of the embedding
            kernels.scatterAddRows(dStream, ids, embeddingGradient); // (V, D)
        }
    }

    private void check(int[] ids, int numSequences) {
        check(config, maxSequenceLength, ids, numSequences);
    }

    static void check(ModelConfig config, int maxSequenceLength, int[] ids, int numSequences) {
        if (numSequences < 1 || ids.length == 0 || ids.length % numSequences != 0) {
            throw new IllegalArgumentException(ids.length + " tokens are not " + numSequences + " equal sequences");
        }
        if (ids.length / numSequences > maxSequenceLength) {
            throw new UserException("a sequence of " + ids.length / numSequences + " tokens is longer than the model's "
                    + maxSequenceLength + ": shorten it");
        }
        checkIds(config, ids);
    }

    static void checkIds(ModelConfig config, int[] ids) {
        for (int n = 0; n < ids.length; n++) {
            if (ids[n] < 0 || ids[n] >= config.vocabSize()) {
                throw new UserException("token id " + ids[n] + " at position " + n + " is outside the vocabulary of "
                        + config.vocabSize() + ": was the text made with another tokenizer?");
            }
        }
    }

    /** Frees the rope tables; weights and gradients belong to the caller. */
    @Override
    public void close() {
        ropeTables.close();
    }
}
