package org.xecomla.spark;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;

/** How many tasks the cluster can run at once: a barrier job needs a slot for each of its tasks. */
final class Slots {
    private static final long POLL_MILLIS = 200;

    private Slots() {}

    /** Waits until there are {@code wanted}, at most {@code patience}; then returns how many there are, up to that. */
    static int await(JavaSparkContext spark, int wanted, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        int slots = now(spark);
        while (slots < wanted && !spark.isLocal() && System.nanoTime() < deadline) {
            pause();
            slots = now(spark);
        }
        return Math.max(1, Math.min(wanted, slots));
    }

    /** Slots of the executors that are there. */
    static int now(JavaSparkContext spark) {
        SparkContext context = spark.sc();
        return context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for executors", e);
        }
    }
}
