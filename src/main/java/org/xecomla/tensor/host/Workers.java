package org.xecomla.tensor.host;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of one {@code CpuKernels}: the caller and {@code numThreads - 1} helpers that live until
 * {@link #close()}.
 *
 * <p>Tasks are claimed one by one, so that a helper that the operating system keeps waiting holds nobody up: the caller
 * does its tasks itself. What a task computes depends on its number only, never on who runs it. Helpers spin for some
 * microseconds after a job, since the next operation of a step follows at once, and then park.
 */
public final class Workers implements AutoCloseable {
    private static final int PARTS_PER_THREAD = 3; // enough to even out cores that other processes slow down
    private static final long SPIN_NANOS = 20_000;
    private static final int SPINS_PER_CLOCK = 64;

    /** Runs task {@code index}; {@code worker} is below {@link #numThreads()} and belongs to one thread at a time. */
    public interface Task {
        void run(int index, int worker);
    }

    /**
     * Runs the elements {@code from} (inclusive) to {@code to} (exclusive), which are part {@code part} of the whole.
     */
    public interface RangeTask {
        void run(int part, long from, long to);
    }

    private static final class Job {
        final Task task;
        final int numTasks;
        final Thread caller;
        final AtomicInteger claimed = new AtomicInteger();
        final AtomicInteger finished = new AtomicInteger();
        final AtomicReference<Throwable> failure = new AtomicReference<>();

        Job(Task task, int numTasks) {
            this.task = task;
            this.numTasks = numTasks;
            this.caller = Thread.currentThread();
        }

        boolean open() {
            return claimed.get() < numTasks;
        }

        boolean done() {
            return finished.get() == numTasks;
        }

        /** Runs tasks until none is left to claim. */
        void help(int worker) {
            for (int index = claimed.getAndIncrement(); index < numTasks; index = claimed.getAndIncrement()) {
                try {
                    task.run(index, worker);
                } catch (Throwable e) { // whatever it is, the caller must hear of it instead of waiting for ever
                    failure.compareAndSet(null, e);
                }
                if (finished.incrementAndGet() == numTasks) {
                    LockSupport.unpark(caller);
                }
            }
        }
    }

    private final class Helper extends Thread {
        private final int worker;
        private volatile boolean parked;

        Helper(int worker) {
            super("kernels-" + worker);
            this.worker = worker;
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!closed) {
                Job next = await();
                if (next != null) {
                    next.help(worker);
                }
            }
        }

        /** The next job with tasks to claim; null when the workers are being closed. */
        private Job await() {
            long start = System.nanoTime();
            while (!closed) {
                for (int i = 0; i < SPINS_PER_CLOCK; i++) {
                    Job present = job;
                    if (present != null && present.open()) {
                        return present;
                    }
                    Thread.onSpinWait();
                }
                if (System.nanoTime() - start > SPIN_NANOS) {
                    parked = true;
                    Job present = job; // read once: the caller sets it to null meanwhile
                    if (!closed && (present == null || !present.open())) {
                        LockSupport.park(Workers.this);
                    }
                    parked = false;
                }
            }
            return null;
        }
    }

    private final List<Helper> helpers = new ArrayList<>();
    private final int numThreads;
    private volatile Job job;
    private volatile boolean closed;

    public Workers(int numThreads) {
        if (numThreads < 1) {
            throw new IllegalArgumentException(numThreads + " threads");
        }
        this.numThreads = numThreads;
        for (int worker = 1; worker < numThreads; worker++) {
            Helper helper = new Helper(worker);
            helpers.add(helper);
            helper.start();
        }
    }

    public int numThreads() {
        return numThreads;
    }

    /** Whether all helpers are there; one that failed would leave its work to the others, unnoticed. */
    boolean allAlive() {
        return helpers.stream().allMatch(Thread::isAlive);
    }

    /** The most parts that {@link #split} makes. */
    public int maxParts() {
        return maxParts(numThreads);
    }

    public static int maxParts(int numThreads) {
        return numThreads == 1 ? 1 : numThreads * PARTS_PER_THREAD;
    }

    /**
     * Cuts 0 to {@code total} into parts of at least {@code grain}, and runs them. How it is cut depends on the
     * arguments and the number of threads only. Less than two grains run on the calling thread, without waking anybody.
     */
    public void split(long total, long grain, RangeTask task) {
        int numParts = numParts(total, grain);
        if (numParts == 1) {
            task.run(0, 0, total);
            return;
        }
        run(numParts, (part, worker) -> task.run(part, total * part / numParts, total * (part + 1) / numParts));
    }

    /** The number of parts that {@link #split} makes of {@code total}. */
    public int numParts(long total, long grain) {
        return (int) Math.max(1, Math.min(maxParts(), total / Math.max(1, grain)));
    }

    /** Runs tasks 0 to {@code numTasks}, and returns when all are done. */
    public void run(int numTasks, Task task) {
        if (numThreads == 1 || numTasks == 1) {
            for (int index = 0; index < numTasks; index++) {
                task.run(index, 0);
            }
            return;
        }
        Job mine = new Job(task, numTasks);
        job = mine;
        for (Helper helper : helpers) {
            if (helper.parked) {
                LockSupport.unpark(helper);
            }
        }
        mine.help(0);
        awaitEnd(mine);
        job = null;
        rethrow(mine.failure.get());
    }

    private static void awaitEnd(Job mine) {
        long start = System.nanoTime();
        while (!mine.done()) {
            for (int i = 0; i < SPINS_PER_CLOCK && !mine.done(); i++) {
                Thread.onSpinWait();
            }
            if (!mine.done() && System.nanoTime() - start > SPIN_NANOS) {
                LockSupport.park(mine);
            }
        }
    }

    private static void rethrow(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }

    @Override
    public void close() {
        closed = true;
        helpers.forEach(LockSupport::unpark);
        boolean interrupted = false;
        for (Helper helper : helpers) {
            while (helper.isAlive()) {
                try {
                    helper.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
