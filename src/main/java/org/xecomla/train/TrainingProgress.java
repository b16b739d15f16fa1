package org.xecomla.train;

/**
 * How far a run has come, the same on all replicas.
 *
 * @param step optimizer steps done
 * @param samples global samples taken by all replicas together: the data cursor
 * @param tokens seen by all replicas together
 */
public record TrainingProgress(long step, long samples, long tokens) {
    public static final TrainingProgress START = new TrainingProgress(0, 0, 0);

    /** One step of {@code batchSequences} sequences further. */
    TrainingProgress plusStep(int batchSequences, int sequenceLength) {
        return new TrainingProgress(
                step + 1, samples + batchSequences, tokens + (long) batchSequences * sequenceLength);
    }
}
