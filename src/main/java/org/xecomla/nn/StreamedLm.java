package org.xecomla.nn;

import java.util.function.BiConsumer;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.engine.SizingKernels;

/**
 * {@link CausalLm}'s inference for models that do not fit into memory: embedding, blocks and head are read one after
 * the other onto the arena, and every one is used for all sequences before the next takes its place. Reading is paid
 * once for a batch, so the larger the batch the better: it costs (B*T, D), whereas the scratch of a block is held for
 * one sequence only. Legend: B batch, T time, D model, V vocabulary.
 */
public final class StreamedLm implements AutoCloseable {
    /** Where weights are read from. */
    @FunctionalInterface
    public interface Weights {
        /** Fills {@code target} (rows, cols) with one parameter. */
        void load(String parameter, Tensor target);
    }

    /** Logits from hidden states. */
    @FunctionalInterface
    public interface Head {
        /**
         * @param hidden (n, D), some rows of {@link #hiddenStates}
         * @param out (n, V), overwritten; with fewer columns, those of the first ids
         */
        void logits(Tensor hidden, Tensor out);
    }

    private final ModelConfig config;
    private final Weights source;
    private final Kernels kernels;
    private final int maxSequenceLength;
    private final RopeTables rope;

    /** @param maxSequenceLength the longest T that will be asked for */
    public StreamedLm(ModelConfig config, Weights source, Kernels kernels, int maxSequenceLength) {
        this(config, source, kernels, maxSequenceLength, RopeTables.of(config, maxSequenceLength, kernels));
    }

    private StreamedLm(ModelConfig config, Weights source, Kernels kernels, int maxSequenceLength, RopeTables rope) {
        this.config = config;
        this.source = source;
        this.kernels = kernels;
        this.maxSequenceLength = maxSequenceLength;
        this.rope = rope;
    }

    /** What {@code calls} take, made once over shapes without memory; weights count as part of the arena. */
    public static Footprint footprint(
            ModelConfig config, ElementType type, int maxSequenceLength, BiConsumer<StreamedLm, Arena> calls) {
        Arena arena = Arena.sizing(type);
        RopeTables tables = RopeTables.sizing(config, maxSequenceLength, type);
        SizingKernels nothing = new SizingKernels(type);
        calls.accept(new StreamedLm(config, (name, target) -> {}, nothing, maxSequenceLength, tables), arena);
        ParameterLayout layout = CausalLm.layout(config, name -> false);
        return new Footprint(
                layout, type, 0, 0, tables.numElements() * type.width(), arena.peakBytes(), nothing.scratchBytes());
    }

    /**
     * Hidden states after the final norm, (B*T, D), on top of the arena, which holds nothing else of this call.
     *
     * @param ids (B*T)
     * @throws org.xecomla.errors.UserException if a sequence is too long or an id is outside the vocabulary
     */
    public Tensor hiddenStates(int[] ids, Sequences sequences, Arena arena) {
        Backbone.check(config, maxSequenceLength, ids, sequences);
        Tensor x = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        long mark = arena.mark();
        kernels.embedding().gather(load(ParameterNames.EMBEDDING, arena), Indices.of(ids), x); // (B*T, D)
        arena.release(mark);
        for (int l = 0; l < config.numLayers(); l++) {
            Parameters parameters = parameters(ParameterNames.layer(l), arena);
            RopeTable table = rope.get(config.attention().get(l));
            TransformerBlock block = TransformerBlock.of(l, config, parameters, table);
            eachSequence(x, sequences, arena, (alone, from, to) -> block.forward(from, alone, to, arena)); // (T, D)
            arena.release(mark);
        }
        Tensor gain = load(ParameterNames.FINAL_NORM, arena); // (1, D)
        RmsNorm norm = new RmsNorm(gain, null, config.rmsNormEps(), kernels);
        eachSequence(x, sequences, arena, (alone, from, to) -> norm.forward(from, to, arena)); // (T, D)
        arena.release(mark);
        return x;
    }

    /** The head, which stays on top of the arena until the caller releases it. */
    public Head head(Arena arena) {
        String name = config.tieWordEmbeddings() ? ParameterNames.EMBEDDING : ParameterNames.HEAD;
        Linear head = new Linear(load(name, arena), null, kernels); // (V, D)
        return (hidden, out) -> head.firstOutputs(out.cols()).forward(hidden, out); // (n, V)
    }

    private interface Step {
        void apply(Sequences alone, Tensor from, Tensor to);
    }

    /** Every sequence of {@code x} is replaced by what {@code step} makes of it; both (T, D). */
    private void eachSequence(Tensor x, Sequences sequences, Arena arena, Step step) {
        int length = sequences.queryLength();
        Tensor y = arena.matrix(length, x.cols()); // (T, D)
        for (int b = 0; b < sequences.numSequences(); b++) {
            Tensor sequence = x.rows(b * length, (b + 1) * length); // (T, D)
            long mark = arena.mark();
            step.apply(sequences.only(b), sequence, y);
            kernels.elementwise().copy(y, sequence); // (T, D)
            arena.release(mark);
        }
    }

    private Tensor load(String name, Arena arena) {
        ParameterShapes.Shape shape = ParameterShapes.of(config).get(name);
        Tensor target = arena.matrix(shape.rows(), shape.cols()); // (rows, cols)
        source.load(name, target);
        return target;
    }

    /** The parameters whose names begin with {@code prefix}. */
    private Parameters parameters(String prefix, Arena arena) {
        ParameterLayout layout = ParameterLayout.of(ParameterShapes.of(config).entrySet().stream()
                .filter(e -> e.getKey().startsWith(prefix))
                .map(e -> new ParameterLayout.Spec(
                        e.getKey(), e.getValue().rows(), e.getValue().cols(), false))
                .toList());
        ParameterStore weights = ParameterStore.on(arena, layout);
        layout.places().keySet().forEach(name -> source.load(name, weights.get(name)));
        return new Parameters(weights, null, kernels);
    }

    @Override
    public void close() {
        rope.close();
    }
}
