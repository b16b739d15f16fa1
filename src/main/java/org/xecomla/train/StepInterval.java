package org.xecomla.train;

/** Tells when the next {@code everySteps}-th step of a run has been reached, for what is done about as often. */
public final class StepInterval {
    private final long everySteps;
    private long lastStep;

    /** @param from where the run stands: nothing is due before a step is taken */
    public StepInterval(long everySteps, TrainingProgress from) {
        if (everySteps < 1) {
            throw new IllegalArgumentException("something every " + everySteps + " steps");
        }
        this.everySteps = everySteps;
        this.lastStep = from.step();
    }

    /**
     * Whether it is due; at the end of a run it is.
     *
     * @param step steps done, more than at the last call
     */
    public boolean isDue(long step, boolean last) {
        boolean due = last || step / everySteps > lastStep / everySteps;
        lastStep = step;
        return due;
    }
}
