package org.xecomla.train;

/**
 * How far a run has come, the same on all replicas.
 *
 * @param step optimizer steps done
 * @param numSamples global samples taken by all replicas together: the data cursor
 * @param numTokens seen by all replicas together
 */
public record TrainingProgress(long step, long numSamples, long numTokens) {
    public static final TrainingProgress START = new TrainingProgress(0, 0, 0);

    /** One step of {@code batchSequences} sequences further. */
    TrainingProgress plusStep(int batchSequences, int sequenceLength) {
        return new TrainingProgress(
                step + 1, numSamples + batchSequences, numTokens + (long) batchSequences * sequenceLength);
    }
}
