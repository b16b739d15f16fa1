package org.xecomla.spark.leg;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.xecomla.spark.driver.Outcome;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/**
 * What the driver knows of the tasks of a leg while it runs: on which executor each was started, and what has come of
 * those that have ended. After one has failed, the others find it out by themselves; who has not ended by then hangs.
 */
final class LegWatch<R> extends SparkListener {
    private final AtomicReferenceArray<Outcome<R>> outcomes; // by rank
    private final AtomicReferenceArray<String> executors; // by rank
    private final AtomicLong firstFailure = new AtomicLong();

    LegWatch(int numReplicas) {
        this.outcomes = new AtomicReferenceArray<>(numReplicas);
        this.executors = new AtomicReferenceArray<>(numReplicas);
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
        if (start.taskInfo().index() < executors.length()) {
            executors.set(start.taskInfo().index(), start.taskInfo().executorId());
        }
    }

    /** Receives outcomes, with their rank. */
    AbstractFunction2<Object, Outcome<R>, BoxedUnit> receiver() {
        return new AbstractFunction2<>() {
            @Override
            public BoxedUnit apply(Object rank, Outcome<R> outcome) {
                outcomes.set((Integer) rank, outcome);
                if (outcome.failure() != null) {
                    firstFailure.compareAndSet(0, System.nanoTime());
                }
                return BoxedUnit.UNIT;
            }
        };
    }

    /** Whether a task failed longer than {@code patience} ago. */
    boolean failedBefore(Duration patience) {
        long failed = firstFailure.get();
        return failed != 0 && System.nanoTime() - failed > patience.toNanos();
    }

    /** What has come of the tasks that have ended, by rank. */
    List<Outcome<R>> ended() {
        return IntStream.range(0, outcomes.length())
                .mapToObj(outcomes::get)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Ranks of the tasks that have not ended. */
    int[] running() {
        return IntStream.range(0, outcomes.length())
                .filter(rank -> outcomes.get(rank) == null)
                .toArray();
    }

    /** Executors of the tasks that have not ended. */
    List<String> executorsOfRunning() {
        return Arrays.stream(running())
                .mapToObj(executors::get)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }
}
