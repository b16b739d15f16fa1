package org.xecomla.targets;

/**
 * One of the two ends of a record of binary decisions: the encoder writes the values it is given and returns them, the
 * decoder returns what the encoder was given. Code above it is therefore written once for both directions.
 *
 * <p>A decision costs the entropy of what its {@link BitModels context} has seen before, so that nothing needs to be
 * told of the distributions, and sizes follow the teacher. Models start anew with every record.
 */
sealed interface BitCoder permits BitEncoder, BitDecoder {
    /** One decision, 0 or 1, in context {@code context}. */
    int bit(BitModels models, int context, int bit);

    /** {@code numBits} (0 to 16) evenly distributed bits. */
    int direct(int value, int numBits);

    /**
     * A number of {@code numBits} bits, the highest first, each in the context of those before it: 2^numBits contexts.
     */
    default int tree(BitModels models, int firstContext, int numBits, int value) {
        int node = 1;
        for (int i = numBits - 1; i >= 0; i--) {
            node = 2 * node + bit(models, firstContext + node, value >>> i & 1);
        }
        return node - (1 << numBits);
    }
}
