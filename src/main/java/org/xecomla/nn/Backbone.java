package org.xecomla.nn;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.errors.UserException;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * A {@link CausalLm} without its head: from token ids to hidden states, hidden = finalNorm(block(... block(embedding of
 * ids))). Legend: B batch, T time, D model, V vocabulary; ids and rows are b * T + t.
 *
 * @param embedding (V, D)
 * @param dEmbedding (V, D), to add to; null: frozen, or inference
 * @param firstTrained the first block that wants gradients, or has something below it that does; their number: none
 */
record Backbone(
        ModelConfig config,
        Tensor embedding,
        Tensor dEmbedding,
        List<TransformerBlock> blocks,
        RmsNorm finalNorm,
        int firstTrained,
        Recompute recompute,
        int maxSequenceLength,
        Kernels kernels) {
    /** Sees a block right after its forward; cache and output y (B*T, D) are valid during the call only. */
    @FunctionalInterface
    interface BlockObserver {
        void forward(int layer, TransformerBlock block, TransformerBlock.Cache cache, Tensor y);
    }

    /**
     * What the backward needs of a forward pass.
     *
     * @param ids (B*T)
     * @param inputs of every block (B*T, D)
     * @param blocks caches of every block; null below the first trained one, and where the backward computes the block
     *     again
     */
    record Cache(
            Indices ids,
            Sequences sequences,
            List<Tensor> inputs,
            List<TransformerBlock.Cache> blocks,
            RmsNorm.Cache norm) {
        /** (B*T, D), after the final norm. */
        Tensor hidden() {
            return norm.y();
        }

        /** (B*T, D): what block {@code layer} said. */
        Tensor output(int layer) {
            return layer + 1 < inputs.size() ? inputs.get(layer + 1) : norm.x();
        }
    }

    static Backbone of(
            ModelConfig config, Parameters parameters, RopeTables rope, int maxSequenceLength, Recompute recompute) {
        List<TransformerBlock> blocks = new ArrayList<>();
        for (int l = 0; l < config.numLayers(); l++) {
            RopeTable table = rope.get(config.attention().get(l));
            blocks.add(TransformerBlock.of(l, config, parameters, table));
        }
        Tensor dEmbedding = parameters.gradient(ParameterNames.EMBEDDING); // (V, D)
        int first = 0;
        while (dEmbedding == null && first < blocks.size() && !blocks.get(first).trainable()) {
            first++;
        }
        return new Backbone(
                config,
                parameters.weight(ParameterNames.EMBEDDING),
                dEmbedding,
                List.copyOf(blocks),
                parameters.norm(ParameterNames.FINAL_NORM, config.rmsNormEps()),
                first,
                recompute,
                maxSequenceLength,
                parameters.kernels());
    }

    /**
     * Hidden states without what a backward needs: only one block's scratch is held at a time, and none when this
     * returns.
     *
     * @param ids (B*T)
     */
    Tensor inference(int[] ids, Sequences sequences, Arena arena, BlockObserver observer) {
        check(config, maxSequenceLength, ids, sequences);
        return throughBlocks(ids, arena, (l, x, y) -> {
            TransformerBlock.Cache cache = blocks.get(l).forward(x, sequences, y, arena);
            observer.forward(l, blocks.get(l), cache, y);
        });
    }

    /**
     * Hidden states (n, D) of one new token each of n sequences, over what is cached of them.
     *
     * @param ids (n)
     */
    Tensor decode(int[] ids, DecodeStep step, Arena arena) {
        checkIds(config, ids);
        return throughBlocks(ids, arena, (l, x, y) -> blocks.get(l).decode(x, step.ofLayer(l), y, arena));
    }

    private interface BlockCall {
        void apply(int layer, Tensor x, Tensor y);
    }

    private Tensor throughBlocks(int[] ids, Arena arena, BlockCall block) {
        Tensor hidden = arena.matrix(ids.length, config.hiddenSize()); // (n, D)
        long mark = arena.mark();
        Tensor x = arena.matrix(ids.length, config.hiddenSize()); // (n, D)
        Tensor y = arena.matrix(ids.length, config.hiddenSize()); // (n, D)
        kernels.embedding().gather(embedding, Indices.of(ids), x); // (n, D)
        for (int l = 0; l < blocks.size(); l++) {
            long markOfBlock = arena.mark();
            block.apply(l, x, y); // (n, D)
            arena.release(markOfBlock);
            Tensor spent = x; // (n, D)
            x = y;
            y = spent;
        }
        finalNorm.forward(x, hidden, arena); // (n, D)
        arena.release(mark);
        return hidden;
    }

    /**
     * What is kept lies on the arena.
     *
     * @param ids (B*T)
     */
    Cache forward(int[] ids, Sequences sequences, Arena arena) {
        check(config, maxSequenceLength, ids, sequences);
        Tensor x = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
        Indices rows = Indices.of(ids);
        kernels.embedding().gather(embedding, rows, x); // (B*T, D)
        List<Tensor> inputs = new ArrayList<>();
        List<TransformerBlock.Cache> caches = new ArrayList<>();
        for (int l = 0; l < blocks.size(); l++) {
            Tensor y = arena.matrix(ids.length, config.hiddenSize()); // (B*T, D)
            long mark = arena.mark();
            TransformerBlock.Cache cache = blocks.get(l).forward(x, sequences, y, arena);
            boolean kept = l >= firstTrained && recompute == Recompute.NONE;
            if (!kept) {
                arena.release(mark);
            }
            caches.add(kept ? cache : null);
            inputs.add(x);
            x = y;
        }
        return new Cache(rows, sequences, inputs, caches, finalNorm.forward(x, arena));
    }

    /**
     * Adds into the gradients of the parameters.
     *
     * @param dHidden (B*T, D)
     * @param layers a loss of what the layers say; null: none
     */
    void backward(Tensor dHidden, Cache cache, LayerLoss layers, Arena arena) {
        Tensor dStream = arena.matrix(dHidden.rows(), dHidden.cols()); // (B*T, D)
        kernels.elementwise().fill(dStream, 0); // (B*T, D)
        // forward was: hidden = finalNorm(x)
        finalNorm.backward(dHidden, cache.norm, dStream); // (B*T, D)
        for (int l = blocks.size() - 1; l >= firstTrained; l--) {
            long mark = arena.mark();
            TransformerBlock.Cache kept = cache.blocks.get(l);
            if (kept == null) {
                kept = blocks.get(l).forwardAgain(cache.inputs.get(l), cache.sequences, arena);
            }
            if (layers != null) {
                layers.block(l, cache.output(l), dStream, arena); // (B*T, D)
            }
            // forward was: y = block(x)
            blocks.get(l).backward(dStream, kept, l, layers, arena); // (B*T, D)
            arena.release(mark);
        }
        if (dEmbedding != null) {
            // forward was: x = rows ids of the embedding
            kernels.embedding().scatterAdd(dStream, cache.ids, dEmbedding); // (V, D)
        }
    }

    /** @throws UserException if a sequence is too long or an id is outside the vocabulary */
    static void check(ModelConfig config, int maxSequenceLength, int[] ids, Sequences sequences) {
        if (ids.length != sequences.numRows()) {
            throw new IllegalArgumentException(ids.length + " tokens for sequences of " + sequences.numRows());
        }
        if (sequences.queryLength() > maxSequenceLength) {
            throw new UserException("a sequence of " + sequences.queryLength() + " tokens is longer than the model's "
                    + maxSequenceLength + ": shorten it");
        }
        checkIds(config, ids);
    }

    /** @throws UserException if an id is outside the vocabulary */
    private static void checkIds(ModelConfig config, int[] ids) {
        for (int n = 0; n < ids.length; n++) {
            if (ids[n] < 0 || ids[n] >= config.vocabSize()) {
                throw new UserException("token id " + ids[n] + " at position " + n + " is outside the vocabulary of "
                        + config.vocabSize() + ": was the text made with another tokenizer?");
            }
        }
    }
}
