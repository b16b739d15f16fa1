package org.xecomla.train;

/** Sequences of one length by their global numbers, with or without a teacher's word on them. */
public interface TrainingData extends AutoCloseable {
    long numSequences();

    /** T of every sequence. */
    int sequenceLength();

    /** Sequence {@code sequence}, 0 to {@link #numSequences()} (exclusive). */
    TrainingSequence read(long sequence);

    @Override
    default void close() {}
}
