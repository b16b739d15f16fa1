package org.xecomla.train;

/**
 * The part of every global batch that one of P replicas computes: a contiguous range of global sample indices.
 *
 * <p>Global sample g belongs to step g / batchSequences, whatever P is; the P slices of a step are disjoint, in the order
 * of ranks, cover it, and differ by at most one sequence. So P replicas together see what one replica would.
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

    /** The first global sample index of this slice at step {@code step}, counted from 0. */
    public long firstSample(long step) {
        return step * batchSequences + offset(rank);
    }

    /** The global sample indices of this slice at step {@code step}, counted from 0. */
    public long[] samples(long step) {
        long[] samples = new long[numSequences()];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = firstSample(step) + i;
        }
        return samples;
    }

    /** This slice's part of the batch: the weight of its replica in an average over replicas. */
    public double share() {
        return (double) numSequences() / batchSequences;
    }
}
