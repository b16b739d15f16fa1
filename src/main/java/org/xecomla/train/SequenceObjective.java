package org.xecomla.train;

import java.util.List;
import org.xecomla.averaging.Measures;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.LayerLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.train.data.TrainingSequence;

/** An objective over sequences that can be joined by a loss of what the layers say. */
interface SequenceObjective extends Objective<TrainingSequence> {
    /** Tells of every micro-batch what its layers should say. */
    @FunctionalInterface
    interface LayerTeacher {
        /** @param numLearned positions of this replica in the step that are learned from */
        LayerLoss of(TrainingBatch batch, long numLearned);
    }

    /** {@link Objective#addGradients} joined by {@code teacher}; null: nobody. */
    Measures addGradients(Replica replica, List<TrainingSequence> samples, long step, LayerTeacher teacher);

    /** {@link Objective#dryRun} joined by {@code layers}; null: nobody. */
    void dryRun(CausalLm sizing, Replica.Shape shape, LayerLoss layers, Arena arena);

    @Override
    default void dryRun(CausalLm sizing, Replica.Shape shape, Arena arena) {
        dryRun(sizing, shape, null, arena);
    }

    @Override
    default Measures addGradients(Replica replica, List<TrainingSequence> samples, long step) {
        return addGradients(replica, samples, step, null);
    }
}
