package org.xecomla.train;

import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.optim.OuterUpdate;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * The rounds of a run: H local steps, then the replicas' weights are averaged and the outer update applied (local SGD,
 * Stich 2019; with outer momentum DiLoCo, Douillard et al. 2023). As a control, the gradients of every step may be
 * averaged instead, which is one large batch. All replicas hold the same weights before and after a round.
 */
public final class Rounds implements TrainStep.Together, AutoCloseable {
    private final RoundPlan plan;
    private final ParameterAveraging averaging;
    private final double share;
    private final OuterUpdate outer;
    private final Replica replica;
    private final ParameterStore start; // weights before the round; null: nobody reads them

    /**
     * @param share this replica's weight in the average, commonly {@link BatchSlice#share()}
     * @param outer closed with this
     */
    public Rounds(RoundPlan plan, ParameterAveraging averaging, double share, OuterUpdate outer, Replica replica) {
        this.plan = plan;
        this.averaging = averaging;
        this.share = share;
        this.outer = outer;
        this.replica = replica;
        this.start = plan.remembersStart()
                ? ParameterStore.zerosOfTrainable(
                        replica.weights().layout(),
                        replica.kernels().memory(),
                        replica.kernels().type())
                : null;
    }

    public ParameterAveraging averaging() {
        return averaging;
    }

    public OuterUpdate outer() {
        return outer;
    }

    /** Whether a round ends after {@code step} steps of the run. */
    public boolean endAfter(long step) {
        return step % plan.localSteps() == 0;
    }

    /** Remembers the weights that the round starts from. */
    void begin() {
        if (start != null) {
            for (int s = 0; s < start.segments().size(); s++) {
                Tensor weights = replica.weights().segments().get(s); // (1, length)
                replica.kernels().elementwise().copy(weights, start.segments().get(s)); // (1, length)
            }
        }
    }

    /** Averages the gradients of a step over the replicas, before they are clipped, if that is the plan. */
    @Override
    public void averageGradients() {
        if (plan.averagesGradients()) {
            averaging.average(replica.gradients().trainableSegments(), share);
        }
    }

    /** Of averaged gradients that of the first replica. */
    @Override
    public double sameNorm(double mine) {
        return plan.averagesGradients() ? averaging.ofFirst(mine) : mine;
    }

    /**
     * Averages the weights over the replicas and applies the outer update; with averaged gradients they are equal
     * already. That they are is compared, bit for bit.
     */
    void end() {
        if (!plan.averagesGradients()) {
            averageWeights();
        }
        averaging.requireEqual(replica.weights().trainableSegments());
    }

    private void averageWeights() {
        if (plan.deltas()) {
            addStart(-1);
        }
        averaging.average(replica.weights().trainableSegments(), share);
        if (plan.deltas()) {
            addStart(1);
        }
        outer.apply(start, replica.weights(), replica.kernels());
    }

    private void addStart(double factor) {
        for (int s = 0; s < start.segments().size(); s++) {
            Tensor weights = replica.weights().segments().get(s); // (1, length)
            replica.kernels().elementwise().axpy(factor, start.segments().get(s), weights); // (1, length)
        }
    }

    @Override
    public void close() {
        outer.close();
        if (start != null) {
            start.close();
        }
    }
}
