package org.xecomla.train;

import java.util.function.Predicate;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ModelConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;

/**
 * Memory outside the heap that one replica takes while it trains, in bytes, from shapes alone: the very code of the step runs
 * once over shapes without memory, so that nothing is allocated here and any model can be asked about on any machine.
 * {@code submit/xecomla bench} prints it beside what it measures.
 *
 * @param model weights, gradients, tables, activations and scratch
 * @param moments first and second of every trainable parameter
 * @param outer what the outer update of replicas remembers: the round's first weights and a velocity
 */
public record MemoryEstimate(Footprint model, long moments, long outer) {
    /**
     * One replica of {@code numReplicas} that carry out {@code plan} together.
     *
     * @param numThreads of its kernels
     */
    public static MemoryEstimate of(
            ModelConfig model, TrainingPlan plan, Objective<?> objective, int numReplicas, int numThreads) {
        BatchSlice slice =
                new BatchSlice(plan.batchSequences(), numReplicas, numReplicas - 1); // the last is the largest
        MemoryEstimate alone =
                of(model, plan.freeze().trainable(), plan.replicaShape(slice), objective, DataType.FLOAT, numThreads);
        int stores = (plan.rounds().remembersStart() ? 1 : 0) + (plan.rounds().plainOuterUpdate() ? 0 : 1);
        return new MemoryEstimate(alone.model, alone.moments, stores * alone.model.ofTrainableStore());
    }

    /** A replica alone, trained by AdamW. */
    static MemoryEstimate of(
            ModelConfig model,
            Predicate<String> trainable,
            Replica.Shape shape,
            Objective<?> objective,
            DataType type,
            int numThreads) {
        Footprint footprint = CausalLm.footprint(
                model,
                trainable,
                type,
                shape.sequenceLength(),
                shape.recompute(),
                numThreads,
                (sizing, scratch) -> objective.dryRun(sizing, shape, scratch));
        return new MemoryEstimate(footprint, 2 * footprint.ofTrainableStore(), 0);
    }

    public long total() {
        return model.total() + moments + outer;
    }
}
