package org.xecomla.estimate;

import org.xecomla.run.Stage;

/**
 * What one stage of a run takes.
 *
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
        Stage stage,
        double tokens,
        double flops,
        long memory,
        double kept,
        double written,
        double read,
        double exchanged,
        double largestShare) {}
