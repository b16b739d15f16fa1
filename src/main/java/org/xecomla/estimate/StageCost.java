package org.xecomla.estimate;

/**
 * What one stage of a run takes.
 *
 * @param stage its name
 * @param work what most of its time goes into
 * @param executors that work on it side by side
 * @param tokens that go through a model, or the tokeniser
 * @param flops floating-point operations of all tasks
 * @param memory outside the heap of one of its tasks that works on a model, in bytes
 * @param kept bytes in the run's directory at its end
 * @param written bytes over the whole stage
 * @param read bytes over the whole stage
 * @param exchanged bytes between executors, all together
 * @param largestShare bytes that go through the busiest executor while it does not compute
 */
record StageCost(
        String stage,
        Work work,
        int executors,
        double tokens,
        double flops,
        long memory,
        double kept,
        double written,
        double read,
        double exchanged,
        double largestShare) {
    /** What a stage computes, each with a rate of its own. */
    enum Work {
        TOKENISING,
        FORWARD,
        TRAINING
    }

    /** To and from storage, and between executors. */
    double network() {
        return read + written + exchanged;
    }

    /**
     * Seconds by {@code rates}: computing and moving one after the other; reading of samples happens beside.
     *
     * @param threads of an executor
     */
    double seconds(StageRates rates, int threads) {
        double computing =
                switch (work) {
                    case TOKENISING -> tokens / (rates.tokensPerSecond() * executors * threads);
                    case FORWARD -> flops / (rates.forwardFlops() * executors);
                    case TRAINING -> flops / (rates.trainingFlops() * executors);
                };
        return computing + largestShare / rates.networkBytes();
    }
}
