package org.xecomla.train.data;

/**
 * Samples by their global numbers.
 *
 * @param <S> a sample
 */
public interface Samples<S> extends AutoCloseable {
    long numSamples();

    /** Tokens that a sample counts for, on average. */
    int tokensPerSample();

    /** Sample {@code number}, 0 to {@link #numSamples()} (exclusive). */
    S read(long number);

    @Override
    default void close() {}
}
