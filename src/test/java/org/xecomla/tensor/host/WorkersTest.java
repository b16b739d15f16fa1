package org.xecomla.tensor.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
    private static final int JOBS = 50_000;

    /** Jobs come at any moment of a helper's spinning and parking, and end at any moment, too. */
    @Test
    void helpersSurviveJobsThatComeAndGo() {
        Random random = new Random(1);
        AtomicInteger done = new AtomicInteger();
        try (Workers workers = new Workers(2)) {
            for (int job = 0; job < JOBS; job++) {
                long until = System.nanoTime() + random.nextInt(40_000);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
                workers.run(2, (task, worker) -> done.incrementAndGet());
            }
            assertEquals(2 * JOBS, done.get());
            assertTrue(workers.allAlive(), "a helper has ended");
        }
    }

    @Test
    void everyTaskRunsOnce() {
        try (Workers workers = new Workers(4)) {
            for (int numTasks : new int[] {1, 2, 3, 50, 1000}) {
                for (int repeat = 0; repeat < 200; repeat++) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(numTasks);
                    AtomicIntegerArray present = new AtomicIntegerArray(4);
                    AtomicInteger shared = new AtomicInteger();
                    workers.run(numTasks, (index, worker) -> {
                        shared.addAndGet(present.getAndIncrement(worker)); // 0 unless two threads have one number
                        runs.incrementAndGet(index);
                        present.getAndDecrement(worker);
                    });
                    for (int i = 0; i < numTasks; i++) {
                        assertEquals(1, runs.get(i));
                    }
                    assertEquals(0, shared.get());
                }
            }
        }
    }

    @Test
    void partsCoverTheWholeAndRespectTheGrain() {
        try (Workers workers = new Workers(2)) {
            for (long total : new long[] {0, 1, 9, 10, 19, 20, 1000, 1L << 40}) {
                AtomicIntegerArray seen = new AtomicIntegerArray(workers.maxParts());
                long[] ends = new long[workers.maxParts()];
                workers.split(total, 10, (part, from, to) -> {
                    assertTrue(to - from >= Math.min(total, 10));
                    ends[part] = to;
                    assertEquals(1, seen.incrementAndGet(part));
                });
                int numParts = workers.numParts(total, 10);
                assertEquals(total, ends[numParts - 1]);
                assertEquals(Math.max(1, Math.min(workers.maxParts(), total / 10)), numParts);
            }
        }
    }

    @Test
    void aFailedTaskIsHeardOfByTheCaller() {
        try (Workers workers = new Workers(3)) {
            for (int failing = 0; failing < 20; failing++) {
                int which = failing;
                Exception e = assertThrows(
                        IllegalStateException.class,
                        () -> workers.run(20, (index, worker) -> {
                            if (index == which) {
                                throw new IllegalStateException("task " + index);
                            }
                        }));
                assertEquals("task " + failing, e.getMessage());
            }
        }
    }
}
