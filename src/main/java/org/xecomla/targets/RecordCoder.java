package org.xecomla.targets;

/**
 * The parts that records are made of, coded either way (see {@link BitCoder}): ascending token ids, counts that add up
 * to a known number, probabilities.
 */
final class RecordCoder {
    /** Levels of a probability: steps of 2^-10 in its binary logarithm, at most 0.034 % off; the last one is 0. */
    private static final int LEVEL_BITS = 15;

    private static final int LEAST_LEVEL = (1 << LEVEL_BITS) - 1;
    private static final double LEVELS_PER_BIT = 1 << 10;
    private static final int HIGH_BITS = 7; // of a level; the others are as good as even

    private static final int CLASS_BITS = 5; // numbers below 2^32 by their length in bits
    private static final int CLASSES = 1 << CLASS_BITS;
    private static final int MODELLED_BITS = 3; // of those behind the first one
    private static final int TREE = 1 << MODELLED_BITS;

    private final BitCoder bits;
    private final Numbers gaps = new Numbers();
    private final Numbers counts = new Numbers();
    private final BitModels levels = new BitModels(2 << HIGH_BITS);

    RecordCoder(BitCoder bits) {
        this.bits = bits;
    }

    /**
     * An id above {@code previous}. Frequent tokens have low ids in common tokenizers, so that the distance to the next
     * id depends on where one is.
     *
     * @param previous -1 before the first
     */
    int idAfter(int previous, int id) {
        return previous + gaps.code(length(previous + 1), id - previous);
    }

    /**
     * A count.
     *
     * @param left how many there are still to be counted, which tells the last count
     */
    int count(int left, int count) {
        return counts.code(length(left), count);
    }

    /** A probability, rounded in its logarithm to 0.034 %; below 2^-31 it is 0. */
    float probability(float probability) {
        int level = LEAST_LEVEL;
        if (probability > 0) {
            double bitsOf = -Math.log(probability) / Math.log(2);
            level = (int) Math.max(0, Math.min(LEAST_LEVEL, Math.rint(LEVELS_PER_BIT * bitsOf)));
        }
        int lowBits = LEVEL_BITS - HIGH_BITS;
        int high = bits.tree(levels, 0, HIGH_BITS, level >>> lowBits);
        int low = bits.direct(level, lowBits) & (1 << lowBits) - 1;
        int coded = high << lowBits | low;
        return coded == LEAST_LEVEL ? 0 : (float) Math.pow(2, -coded / LEVELS_PER_BIT);
    }

    /** Number of binary digits; 0 of 0. */
    private static int length(int value) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(value);
    }

    /** Positive numbers by their length, their next few bits, and what is left. */
    private final class Numbers {
        private final BitModels lengths = new BitModels(CLASSES * CLASSES);
        private final BitModels leading = new BitModels(CLASSES * TREE);

        int code(int context, int value) {
            int length = bits.tree(lengths, context * CLASSES, CLASS_BITS, length(value));
            int behind = Math.max(0, length - 1);
            int modelled = Math.min(MODELLED_BITS, behind);
            int rest = behind - modelled;
            int high = bits.tree(leading, length * TREE, modelled, value >>> rest & (1 << modelled) - 1);
            int coded = 1 << modelled | high;
            for (; rest > 0; rest -= Math.min(rest, 8)) {
                int n = Math.min(rest, 8);
                coded = (coded << n) | (bits.direct(value >>> (rest - n), n) & ((1 << n) - 1));
            }
            return coded;
        }
    }
}
