package org.xecomla.spark.chaos;

/** What happens to a run. */
enum ChaosKind {
    DRIVER_KILLED("driver killed at any time", false),
    EXECUTOR_KILLED("executor killed at any time", true),
    KILLED_IN_RENAME("killed before or after a rename", false),
    KILLED_IN_CHECKPOINT("killed within a checkpoint", false),
    TWO_DRIVERS("two drivers at once", false),
    OVERSLEPT("driver frozen, another takes over", false),
    EXECUTOR_FROZEN("executor frozen", true),
    CLOCK_SKEWED("clock set by hours, a second driver with another", false),
    DISK_FULL("disk full for a while", false);

    private final String words;
    private final boolean needsExecutors;

    ChaosKind(String words, boolean needsExecutors) {
        this.words = words;
        this.needsExecutors = needsExecutors;
    }

    /** Whether it happens to executors that are processes of their own. */
    boolean needsExecutors() {
        return needsExecutors;
    }

    @Override
    public String toString() {
        return words;
    }
}
