package org.xecomla.train;

/**
 * Follows a training run: logging, checkpoints, checks. Called on the training thread, in the order of the list; what
 * it throws ends the run.
 */
public interface TrainListener {
    /** Before the first step of this process: the run stands at {@code from} and ends after {@code numSteps} steps. */
    default void onStart(TrainingProgress from, long numSteps) {}

    /** After every step of this replica. */
    default void onStep(StepMetrics metrics) {}

    /**
     * When all replicas hold the same weights again; every replica is called, and may start a collective here as long
     * as all do.
     *
     * @param last whether this process ends the run here, for good or until it is gone on with
     */
    default void onRound(RoundMetrics metrics, boolean last) {}

    /** When held-out text has been scored, after {@code step} steps. */
    default void onValidation(long step, double perplexity) {}
}
