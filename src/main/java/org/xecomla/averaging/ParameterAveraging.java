package org.xecomla.averaging;

import java.util.List;
import org.xecomla.tensor.Tensor;

/**
 * The collectives by which the P replicas of one run come to the same weights: one object a replica.
 *
 * <p>All replicas call the same methods in the same order with the same shapes; a call returns when all have called. If
 * a replica goes away, the calls of the others fail and never hang. Implementations: {@link #alone()}, {@link
 * SharedMemoryAveraging} between threads, and those of the {@code spark} package between executors.
 */
public interface ParameterAveraging extends AutoCloseable {
    /** This replica's number, 0 to {@link #numReplicas()} (exclusive). */
    int rank();

    int numReplicas();

    /**
     * All-reduce: every element becomes the weighted mean over the replicas, sum over r of share_r * x_r; the same bits
     * on every replica.
     *
     * @param segments each (1, length), overwritten; commonly {@code weights.trainableSegments()}
     * @param share this replica's weight; those of all replicas sum to 1. Commonly its part of the tokens, as in
     *     federated averaging (McMahan et al. 2017): with plain SGD and one local step the result is then that of one
     *     large batch
     */
    void average(List<Tensor> segments, double share);

    /**
     * All-reduce of a few numbers: the element-wise sum of {@code values} over the replicas, added in the order of
     * ranks; the argument stays as it is.
     */
    double[] allReduce(double... values);

    /** The number that replica 0 has: what each would work out with other roundings is then the same for all. */
    default double ofFirst(double mine) {
        return allReduce(rank() == 0 ? mine : 0)[0];
    }

    /**
     * Compares what should be the same bits on every replica: one that has other ones would train on in silence.
     *
     * @param segments each (1, length)
     * @throws IllegalStateException where they are not, naming the machines
     */
    default void requireEqual(List<Tensor> segments) {
        if (numReplicas() == 1) {
            return;
        }
        SameBits.require(this, segments);
    }

    /** Returns when all replicas have called it. */
    default void barrier() {
        allReduce(0);
    }

    /** Leaves the group; the others' later collectives fail. */
    @Override
    void close();

    /** A group of one: every mean is what it was. */
    static ParameterAveraging alone() {
        return new ParameterAveraging() {
            @Override
            public int rank() {
                return 0;
            }

            @Override
            public int numReplicas() {
                return 1;
            }

            @Override
            public void average(List<Tensor> segments, double share) {
                if (share != 1) {
                    throw new IllegalArgumentException("the only replica's share is 1, not " + share);
                }
            }

            @Override
            public double[] allReduce(double... values) {
                return values.clone();
            }

            @Override
            public void close() {}
        };
    }
}
