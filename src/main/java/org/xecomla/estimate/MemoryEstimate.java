package org.xecomla.estimate;

import java.util.function.Predicate;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.nn.Footprint;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.engine.SizingKernels;
import org.xecomla.train.BatchSlice;
import org.xecomla.train.Objective;
import org.xecomla.train.Replica;
import org.xecomla.train.TrainingPlan;

/**
 * Memory outside the heap that one replica takes while it trains, in bytes, from shapes alone: the very code of the
 * step runs once over shapes without memory, so that nothing is allocated here and any model can be asked about on any
 * machine. {@code submit/xecomla bench} prints it beside what it measures.
 *
 * @param model weights, gradients, tables, activations and scratch
 * @param moments first and second of every trainable parameter
 * @param outer what the outer update of replicas remembers: the round's first weights and a velocity
 */
public record MemoryEstimate(Footprint model, long moments, long outer) {
    /**
     * One replica of {@code numReplicas} that carry out {@code plan} together, in fp32.
     *
     * @param numThreads of its kernels
     */
    public static MemoryEstimate of(
            ModelConfig model, TrainingPlan plan, Objective<?> objective, int numReplicas, int numThreads) {
        return of(model, plan, objective, numReplicas, numThreads, ComputeConfig.Precision.FP32);
    }

    /** The same in {@code precision}. */
    public static MemoryEstimate of(
            ModelConfig model,
            TrainingPlan plan,
            Objective<?> objective,
            int numReplicas,
            int numThreads,
            ComputeConfig.Precision precision) {
        BatchSlice slice =
                new BatchSlice(plan.batchSequences(), numReplicas, numReplicas - 1); // the last is the largest
        SizingKernels kernels = new SizingKernels(ElementType.FLOAT, numThreads, precision);
        MemoryEstimate alone = of(model, plan.freeze().trainable(), plan.replicaShape(slice), objective, kernels);
        int stores = (plan.rounds().remembersStart() ? 1 : 0) + (plan.rounds().plainOuterUpdate() ? 0 : 1);
        return new MemoryEstimate(alone.model, alone.moments, stores * alone.model.ofTrainableStore());
    }

    /** A replica alone, trained by AdamW. */
    public static MemoryEstimate of(
            ModelConfig model,
            Predicate<String> trainable,
            Replica.Shape shape,
            Objective<?> objective,
            SizingKernels kernels) {
        Footprint footprint = Footprint.of(
                model,
                trainable,
                shape.sequenceLength(),
                shape.recompute(),
                kernels,
                (sizing, scratch) -> objective.dryRun(sizing, shape, scratch));
        return new MemoryEstimate(footprint, 2 * footprint.ofTrainableStore(), 0);
    }

    public long total() {
        return model.total() + moments + outer;
    }
}
