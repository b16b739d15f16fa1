package org.xecomla.train;

import java.util.List;
import org.xecomla.averaging.Measures;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.train.data.Samples;

/**
 * What a run minimises over samples of one kind: distillation and text over sequences, preferences over pairs.
 *
 * @param <S> a sample
 */
public interface Objective<S> extends AutoCloseable {
    /**
     * Looks at the data once before the first step of this process; what it finds may depend on the data alone, so that
     * all replicas and all attempts find the same.
     */
    default void begin(Samples<S> data) {}

    /**
     * Adds the gradients of the mean loss over {@code samples} to those of {@code replica}, micro-batch by micro-batch.
     *
     * @param samples of this replica in this step, at least one
     * @param step steps of the run done before
     * @return what was measured before the update, {@link Measures#LOSS} among it
     */
    Measures addGradients(Replica replica, List<S> samples, long step);

    /** Makes the calls of one micro-batch on a model without memory, so that its scratch can be sized. */
    void dryRun(CausalLm sizing, Replica.Shape shape, Arena arena);

    /** Frees what the objective holds beside the replica: commonly nothing. */
    @Override
    default void close() {}
}
