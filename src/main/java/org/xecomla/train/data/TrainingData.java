package org.xecomla.train.data;

/** Sequences of one length by their global numbers, with or without a teacher's word on them. */
public interface TrainingData extends Samples<TrainingSequence> {
    long numSequences();

    /** T of every sequence. */
    int sequenceLength();

    @Override
    default long numSamples() {
        return numSequences();
    }

    @Override
    default int tokensPerSample() {
        return sequenceLength();
    }
}
