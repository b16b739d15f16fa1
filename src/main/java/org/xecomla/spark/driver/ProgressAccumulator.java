package org.xecomla.spark.driver;

import org.apache.spark.util.AccumulatorV2;

/**
 * How far a long-lived task is. Spark carries it to the driver with the executor's heartbeats while the task runs, so
 * that no connection of our own is needed for it. One task of a job adds to it; the newest value counts.
 */
public final class ProgressAccumulator extends AccumulatorV2<Progress, Progress> implements ProgressSink {
    /** Under this name {@link ProgressListener} finds it. */
    public static final String NAME = "xecomla.progress";

    private volatile Progress newest;

    @Override
    public boolean isZero() {
        return newest == null;
    }

    @Override
    public AccumulatorV2<Progress, Progress> copy() {
        ProgressAccumulator copy = new ProgressAccumulator();
        copy.newest = newest;
        return copy;
    }

    @Override
    public void reset() {
        newest = null;
    }

    @Override
    public void add(Progress progress) {
        newest = progress;
    }

    @Override
    public void merge(AccumulatorV2<Progress, Progress> other) {
        Progress its = other.value();
        if (its != null && (newest == null || its.step() >= newest.step())) {
            newest = its;
        }
    }

    @Override
    public Progress value() {
        return newest;
    }
}
