package org.xecomla.spark;

import java.util.Locale;
import java.util.function.Consumer;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Says every few seconds how many tasks of a job are done. */
final class TaskCounter extends SparkListener {
    private static final long INTERVAL_NANOS = 5_000_000_000L;

    private final int numTasks;
    private final Consumer<String> console;
    private final long start = System.nanoTime();
    private long lastLine = start;
    private int numDone;

    TaskCounter(int numTasks, Consumer<String> console) {
        this.numTasks = numTasks;
        this.console = console;
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (!end.taskInfo().successful()) {
            return;
        }
        numDone++;
        long now = System.nanoTime();
        if (now - lastLine >= INTERVAL_NANOS && numDone < numTasks) {
            lastLine = now;
            long left = (now - start) / numDone * (numTasks - numDone) / 1_000_000_000L;
            console.accept(
                    String.format(Locale.ROOT, "%,d/%,d done  %d:%02d left", numDone, numTasks, left / 60, left % 60));
        }
    }
}
