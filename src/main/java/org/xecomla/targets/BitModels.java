package org.xecomla.targets;

import java.util.Arrays;

/**
 * How probable a 1 is in each of a number of contexts: the mean of what was seen, which is exact where nothing changes,
 * and forgets after some hundred decisions. Integers only, so that both ends agree on every machine.
 */
final class BitModels {
    private static final int COUNT_BITS = 8;
    private static final int MAX_COUNT = (1 << COUNT_BITS) - 1;
    private static final int UNKNOWN = 1 << 31; // one half, seen nothing
    private static final int LEAST = 1 << 5; // of 2^16: no decision is impossible
    private static final int[] RATE = new int[MAX_COUNT + 1]; // 2^16 / (count + 1.5)

    static {
        for (int count = 0; count <= MAX_COUNT; count++) {
            RATE[count] = (int) ((1L << 17) / (2L * count + 3));
        }
    }

    private final int[] states; // 24 bits of probability, 8 of count

    BitModels(int numContexts) {
        states = new int[numContexts];
        Arrays.fill(states, UNKNOWN);
    }

    /** Probability of a 1, of 2^16. */
    int probability(int context) {
        return Math.max(LEAST, Math.min((1 << 16) - LEAST, states[context] >>> 16));
    }

    void update(int context, int bit) {
        int state = states[context];
        int count = state & MAX_COUNT;
        int probability = state >>> COUNT_BITS;
        int target = bit == 0 ? 0 : (1 << 24) - 1;
        probability += (int) (((long) (target - probability) * RATE[count]) >> 16);
        states[context] = probability << COUNT_BITS | Math.min(MAX_COUNT, count + 1);
    }
}
