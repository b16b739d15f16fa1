package org.xecomla.train;

import org.xecomla.optim.OuterUpdate;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * The rounds of a run: H local steps, then the replicas' weights are averaged and the outer update applied (local SGD,
 * Stich 2019; with outer momentum DiLoCo, Douillard et al. 2023). All replicas hold the same weights before and after a
 * round.
 */
public final class LocalSteps implements AutoCloseable {
    private final long interval;
    private final ParameterAveraging averaging;
    private final double share;
    private final OuterUpdate outer;
    private final Replica replica;
    private final ParameterStore start; // weights before the round; null: the outer update does not read them

    /**
     * @param interval H
     * @param share this replica's weight in the average, commonly {@link BatchSlice#share()}
     * @param outer closed with this
     */
    public LocalSteps(long interval, ParameterAveraging averaging, double share, OuterUpdate outer, Replica replica) {
        if (interval < 1) {
            throw new IllegalArgumentException("a round of " + interval + " local steps");
        }
        this.interval = interval;
        this.averaging = averaging;
        this.share = share;
        this.outer = outer;
        this.replica = replica;
        this.start = outer.plainAveraging()
                ? null
                : ParameterStore.zerosOfTrainable(
                        replica.weights().layout(), replica.weights().type());
    }

    public ParameterAveraging averaging() {
        return averaging;
    }

    public OuterUpdate outer() {
        return outer;
    }

    /** Whether a round ends after {@code step} steps of the run. */
    public boolean endAfter(long step) {
        return step % interval == 0;
    }

    /** Remembers the weights that the round starts from. */
    void begin() {
        if (start != null) {
            for (int s = 0; s < start.segments().size(); s++) {
                Tensor weights = replica.weights().segments().get(s); // (1, length)
                replica.kernels().copy(weights, start.segments().get(s)); // (1, length)
            }
        }
    }

    /** Averages the weights over the replicas and applies the outer update. */
    void end() {
        averaging.average(replica.weights().trainableSegments(), share);
        outer.apply(start, replica.weights(), replica.kernels());
    }

    @Override
    public void close() {
        outer.close();
        if (start != null) {
            start.close();
        }
    }
}
