package org.xecomla.corpus.shards;

import org.xecomla.tensor.CounterRandom;

/**
 * The order in which training sees the sequences: a seeded permutation per epoch, addressed by one number.
 *
 * <p>Global sample g is sequence {@link #sequenceAt sequenceAt(g)}: within epoch g / numSequences every sequence comes
 * exactly once. The order knows nothing of replicas, so the data cursor of a run is one global sample index and a run
 * resumed with another number of replicas goes on where it stopped.
 *
 * <p>The permutation is a balanced Feistel network over the smallest domain 2^(2h) that holds numSequences,
 * cycle-walked into range (Black and Rogaway 2002, "Ciphers with arbitrary finite domains"): no table, constant memory,
 * fewer than four rounds of walking on average.
 */
public final class SampleOrder {
    private static final int NUM_ROUNDS = 6;

    private final long seed;
    private final long numSequences;
    private final int halfBits;
    private final long halfMask;

    public SampleOrder(long seed, long numSequences) {
        if (numSequences < 1 || numSequences > 1L << 60) {
            throw new IllegalArgumentException("no order of " + numSequences + " sequences");
        }
        this.seed = seed;
        this.numSequences = numSequences;
        int bits = Long.SIZE - Long.numberOfLeadingZeros(numSequences - 1);
        this.halfBits = Math.max(1, (bits + 1) / 2);
        this.halfMask = (1L << halfBits) - 1;
    }

    public long numSequences() {
        return numSequences;
    }

    /** The epoch, counted from 0, that global sample {@code globalSampleIndex} belongs to. */
    public long epochOf(long globalSampleIndex) {
        return globalSampleIndex / numSequences;
    }

    /**
     * The sequence, 0 to numSequences (exclusive), that is sample {@code globalSampleIndex} (from 0, over all epochs).
     */
    public long sequenceAt(long globalSampleIndex) {
        if (globalSampleIndex < 0) {
            throw new IllegalArgumentException("global sample index " + globalSampleIndex + " is below 0");
        }
        long key = CounterRandom.key(seed, epochOf(globalSampleIndex));
        long value = globalSampleIndex % numSequences;
        do {
            value = permute(value, key);
        } while (value >= numSequences);
        return value;
    }

    private long permute(long value, long key) {
        long left = value >>> halfBits;
        long right = value & halfMask;
        for (int round = 0; round < NUM_ROUNDS; round++) {
            long turned = left ^ (CounterRandom.bits(key, right << 3 | round) & halfMask);
            left = right;
            right = turned;
        }
        return left << halfBits | right;
    }
}
