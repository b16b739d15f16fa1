package org.xecomla.train;

import java.util.stream.LongStream;

/**
 * The part of every global batch that one of P replicas computes: a contiguous range of global sample indices.
 *
 * <p>The P slices of a step are disjoint, in the order of ranks, cover the step's batch, and differ by at most one
 * sequence. So P replicas together see what one replica would.
 *
 * @param batchSequences sequences of one step over all replicas
 */
public record BatchSlice(int batchSequences, int numReplicas, int rank) {
    public BatchSlice {
        if (batchSequences < numReplicas || numReplicas < 1 || rank < 0 || rank >= numReplicas) {
            throw new IllegalArgumentException("no slice of " + batchSequences + " sequences for replica " + rank
                    + " of " + numReplicas + ": every replica needs at least one sequence a step");
        }
    }

    /** The whole batch: one replica. */
    public static BatchSlice whole(int batchSequences) {
        return new BatchSlice(batchSequences, 1, 0);
    }

    private int offset(int replica) {
        return (int) ((long) batchSequences * replica / numReplicas);
    }

    /** Sequences of this slice; the same at every step. */
    public int numSequences() {
        return offset(rank + 1) - offset(rank);
    }

    /**
     * The global sample indices that this slice has of one step.
     *
     * @param cursor global samples taken before the step, by all replicas together: where its batch begins
     */
    public long[] samples(long cursor) {
        return LongStream.range(cursor + offset(rank), cursor + offset(rank + 1))
                .toArray();
    }

    /** This slice's part of the batch: the weight of its replica in an average over replicas. */
    public double share() {
        return (double) numSequences() / batchSequences;
    }
}
