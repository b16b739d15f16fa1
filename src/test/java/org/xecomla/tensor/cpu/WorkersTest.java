package org.xecomla.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
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
}
