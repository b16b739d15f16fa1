package org.xecomla.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/** Somebody who runs training steps and forward passes of one shape and says how long they took. */
public interface BenchContestant extends AutoCloseable {
    /** What is timed. */
    enum Work {
        STEP("training step", 3),
        FORWARD("forward", 1);

        private final String title;
        private final int passes; // a backward costs two forward passes

        Work(String title, int passes) {
            this.title = title;
            this.passes = passes;
        }

        String title() {
            return title;
        }

        int passes() {
            return passes;
        }
    }

    /** How time is taken. */
    enum Clock {
        /** What a watch shows. */
        WALL(System::nanoTime),
        /** Processor time of the whole process: on a busy machine the better measure of runs on one thread. */
        CPU(() -> ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime());

        private final LongSupplier nanos;

        Clock(LongSupplier nanos) {
            this.nanos = nanos;
        }

        LongSupplier nanos() {
            return nanos;
        }

        /** The same of the calling thread: finer where this is processor time. */
        public LongSupplier nanosOfThread() {
            return this == WALL ? nanos : ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime;
        }
    }

    String name();

    /** Milliseconds of each of {@code count} runs. */
    double[] millis(Work work, int count);

    @Override
    void close();
}
