package org.xecomla.averaging;

import java.util.List;
import java.util.zip.CRC32C;
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

    /**
     * Compares what should be the same bits on every replica: one that has other ones would train on in silence.
     *
     * @param segments each (1, length)
     * @throws IllegalStateException where they are not
     */
    default void requireEqual(List<Tensor> segments) {
        if (numReplicas() == 1) {
            return;
        }
        CRC32C crc = new CRC32C();
        for (Tensor segment : segments) {
            for (long at = 0; at < segment.cols(); at += HostChunk.ELEMENTS) {
                int to = (int) Math.min(segment.cols(), at + HostChunk.ELEMENTS);
                crc.update(
                        HostChunk.of(segment, (int) at, to).bytes().duplicate().rewind());
            }
        }
        double mine = crc.getValue(); // 32 bits: sums of some thousand are exact
        double all = allReduce(mine)[0];
        if (all != mine * numReplicas()) {
            throw new IllegalStateException("replica " + rank() + " holds other weights than the others: look at the"
                    + " memory and processors of the machines, or where they are of different kinds, average weights"
                    + " and not gradients");
        }
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
