package org.xecomla.nn;

import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.engine.SizingKernels;

/**
 * Memory outside the heap that a model and its kernels take, in bytes, found by a dry run of the very calls over shapes
 * without memory.
 *
 * @param layout of the parameters
 * @param type of all tensors
 * @param weights all parameters
 * @param gradients of the trainable parameters; 0: inference
 * @param tables cosines and sines of the positions
 * @param arena activations, gradients of activations and logits of a chunk, at their highest
 * @param scratch of the kernels' threads
 */
public record Footprint(
        ParameterLayout layout, ElementType type, long weights, long gradients, long tables, long arena, long scratch) {
    /**
     * What a model of these shapes takes for {@code calls}, which are made once over shapes without memory. Whatever
     * they return or read is meaningless, shapes apart.
     *
     * @param trainable tells by name which parameters have gradients; null: inference
     * @param maxSequenceLength the longest T that will be asked for
     * @param nothing stand for the kernels
     */
    public static Footprint of(
            ModelConfig config,
            Predicate<String> trainable,
            int maxSequenceLength,
            ComputeConfig.Recompute recompute,
            SizingKernels nothing,
            BiConsumer<CausalLm, Arena> calls) {
        ElementType type = nothing.type();
        ParameterLayout layout = CausalLm.layout(config, trainable == null ? name -> false : trainable);
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
    public static Footprint of(
            ModelConfig config,
            Predicate<String> trainable,
            ElementType type,
            int maxSequenceLength,
            ComputeConfig.Recompute recompute,
            int numThreads,
            BiConsumer<CausalLm, Arena> calls) {
        SizingKernels kernels = new SizingKernels(type, numThreads, ComputeConfig.Precision.FP32);
        return of(config, trainable, maxSequenceLength, recompute, kernels, calls);
    }

    /** Bytes of a store of the trainable parameters: moments, and what an outer update remembers. */
    public long ofTrainableStore() {
        return layout.numTrainableParameters() * type.width();
    }

    public long total() {
        return weights + gradients + tables + arena + scratch;
    }
}
