package org.xecomla.spark.driver;

import java.util.function.Consumer;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import scala.Tuple4;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Hands the {@link Progress} that comes with heartbeats to {@code report}. */
public final class ProgressListener extends SparkListener {
    private final Consumer<Progress> report;
    private final boolean forwardOnly;
    private long lastStep = -1;

    /** For one attempt of a stage: each step once. */
    public ProgressListener(Consumer<Progress> report) {
        this(report, true);
    }

    /** @param forwardOnly leave out what is no further than what was reported before */
    ProgressListener(Consumer<Progress> report, boolean forwardOnly) {
        this.report = report;
        this.forwardOnly = forwardOnly;
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
        if (progress != null && (progress.step() > lastStep || !forwardOnly)) {
            lastStep = progress.step();
            report.accept(progress);
        }
    }
}
