package org.xecomla.spark.driver;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple4;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Says every few seconds how much of a job is done, in units that its tasks count: what finished tasks counted, and
 * what running ones have so far, as their executors' heartbeats tell.
 */
public final class WorkMeter extends SparkListener implements AutoCloseable {
    private static final long INTERVAL_NANOS = 5_000_000_000L;
    private static final double NANOS = 1e9;
    private static final String NAME = "xecomla.done";

    private final JavaSparkContext spark;
    private final long total;
    private final String unit;
    private final Consumer<String> console;
    private final LongAccumulator counter = new LongAccumulator();
    private final Map<Long, Long> doneByTask = new HashMap<>();
    private final long start = System.nanoTime();
    private long lastLine = start;
    private long lastDone;

    /**
     * Follows the jobs of {@code context} until closed, and tells in lines of {@code stage}.
     *
     * @param total what all tasks together will count
     * @param unit what they count
     */
    public WorkMeter(StageContext context, String stage, long total, String unit) {
        this.spark = context.spark();
        this.total = total;
        this.unit = unit;
        this.console = line -> context.say(stage, line);
        spark.sc().register(counter, NAME);
        spark.sc().addSparkListener(this);
    }

    /** What tasks add to. */
    public LongAccumulator counter() {
        return counter;
    }

    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        for (Tuple4<Object, Object, Object, Seq<AccumulableInfo>> task :
                JavaConverters.seqAsJavaList(update.accumUpdates())) {
            record((long) task._1(), task._4());
        }
        say();
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskInfo().successful()) {
            record(end.taskInfo().taskId(), end.taskInfo().accumulables().toSeq());
        } else {
            doneByTask.remove(end.taskInfo().taskId());
        }
        say();
    }

    private void record(long task, Seq<AccumulableInfo> accumulables) {
        for (AccumulableInfo info : JavaConverters.seqAsJavaList(accumulables)) {
            boolean ours = info.id() == counter.id();
            if (ours && info.update().isDefined() && info.update().get() instanceof Long done) {
                doneByTask.put(task, done);
            }
        }
    }

    private void say() {
        long now = System.nanoTime();
        long done = doneByTask.values().stream().mapToLong(Long::longValue).sum();
        if (now - lastLine < INTERVAL_NANOS || done == lastDone || done >= total) {
            return;
        }
        lastLine = now;
        lastDone = done;
        double seconds = (now - start) / NANOS;
        long left = (long) (seconds / done * (total - done));
        console.accept(String.format(
                Locale.ROOT,
                "%,d/%,d %s  %,.0f %s/s  %d:%02d left",
                done,
                total,
                unit,
                done / seconds,
                unit,
                left / 60,
                left % 60));
    }

    @Override
    public void close() {
        spark.sc().removeSparkListener(this);
    }
}
