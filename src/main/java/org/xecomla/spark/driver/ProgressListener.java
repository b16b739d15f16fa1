package org.xecomla.spark.driver;

import java.util.function.Consumer;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import scala.Tuple4;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Hands the {@link Progress} that comes with heartbeats to {@code report}, each step once. */
public final class ProgressListener extends SparkListener {
    private final Consumer<Progress> report;
    private long lastStep = -1;

    public ProgressListener(Consumer<Progress> report) {
        this.report = report;
    }

    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        for (Tuple4<Object, Object, Object, Seq<AccumulableInfo>> task :
                JavaConverters.seqAsJavaList(update.accumUpdates())) {
            for (AccumulableInfo info : JavaConverters.seqAsJavaList(task._4())) {
                boolean ours = info.name().exists(name -> name.equals(ProgressAccumulator.NAME));
                if (ours && info.update().isDefined() && info.update().get() instanceof Progress progress) {
                    report(progress);
                }
            }
        }
    }

    /** Reports {@code progress}, unless that was done already. */
    public synchronized void report(Progress progress) {
        if (progress != null && progress.step() > lastStep) {
            lastStep = progress.step();
            report.accept(progress);
        }
    }
}
