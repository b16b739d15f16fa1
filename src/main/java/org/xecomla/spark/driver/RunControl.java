package org.xecomla.spark.driver;

import java.time.Duration;
import java.time.Instant;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SignalUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.files.RunFence;
import org.xecomla.files.RunLease;
import org.xecomla.files.RunStatus;
import org.xecomla.run.Stage;
import scala.runtime.AbstractFunction0;

/**
 * What others see of a run, and what they may ask of it, while its driver lives: {@code _STATUS.json} is kept true, and
 * SIGTERM ends a training stage at its next round with a checkpoint, any other stage at once, since those lose nothing.
 */
public final class RunControl {
    private static final Logger log = LoggerFactory.getLogger(RunControl.class);
    private static final long INTERVAL_NANOS = 1_000_000_000L;

    private final Path directory;
    private final Duration leaseTimeout;
    private final Instant started = Instant.now();
    private JavaSparkContext spark; // null: not started yet, or ended
    private StopFile stopFile;
    private RunStatus status; // null: nothing to say yet
    private boolean closed; // the last word has been said
    private boolean training;
    private volatile boolean stopRequested;
    private volatile RunLease lease; // null: work that is part of another's
    private long written = System.nanoTime();

    /**
     * @param directory of the run
     * @param leaseTimeout {@link #refresh} is called more often than that
     */
    public RunControl(Path directory, Duration leaseTimeout) {
        this.directory = directory;
        this.leaseTimeout = leaseTimeout;
    }

    /** This driver has the run and is about to start Spark: what an earlier one said is no longer true. */
    public synchronized void starting(Stage first) {
        say(first, null);
    }

    /** From here on {@code context} does the work, and SIGTERM is answered. */
    public synchronized void begin(JavaSparkContext context) {
        spark = context;
        stopFile = StopFile.of(directory, context.sc().applicationId());
        StopFile.deleteAll(directory);
        SignalUtils.register("TERM", new AbstractFunction0<>() {
            @Override
            public Object apply() {
                return terminate();
            }
        });
    }

    /** What is finished from now on is finished under {@code held}. */
    public void holds(RunLease held) {
        lease = held;
    }

    /** @throws org.xecomla.errors.UserException where another driver has taken the run */
    public void requireHeld() {
        if (lease != null) {
            lease.requireHeld();
        }
    }

    /** For tasks that finish something themselves; null: nobody else writes here. */
    public RunFence fence() {
        return lease == null ? null : lease.fence();
    }

    /** What training tasks look for. */
    public synchronized StopFile stopFile() {
        return stopFile;
    }

    public boolean stopRequested() {
        return stopRequested;
    }

    /** Tells whether replicas train: they are given the time to save. */
    public synchronized void training(boolean now) {
        training = now;
    }

    /** Answers SIGTERM; false: this process is to end at once. */
    private synchronized boolean terminate() {
        if (spark == null || closed) {
            return false;
        }
        if (training && !stopRequested) {
            stopRequested = true;
            Thread writer = new Thread(stopFile::write, "stop request"); // the signal's thread must not wait for a disk
            writer.setDaemon(true);
            writer.start();
            return true;
        }
        end(RunStatus.State.STOPPED, "stopped by SIGTERM");
        return false;
    }

    /** Another driver has taken this run: its work here ends, and so does what is said of it. */
    public synchronized void leaseLost() {
        closed = true;
        if (spark != null) {
            spark.sc().cancelAllJobs();
        }
    }

    public synchronized void stage(Stage stage) {
        say(stage, spark.sc().applicationId());
    }

    private void say(Stage stage, String appId) {
        status = RunStatus.running(stage.name(), appId, started);
        write();
    }

    /** How far a training stage has come; written at most once a second. */
    public synchronized void progress(Progress progress, long secondsLeft) {
        if (status == null) {
            return;
        }
        status = status.at(progress.step(), progress.numSteps(), progress.tokens(), progress.loss(), secondsLeft);
        if (System.nanoTime() - written > INTERVAL_NANOS) {
            write();
        }
    }

    /** Says again what was said, with the present time. */
    public synchronized void refresh() {
        write();
    }

    /** The last word; later ones are not heard. */
    public synchronized void end(RunStatus.State state, String error) {
        if (status != null && !closed) {
            status = status.ended(state, error);
            write();
        }
        closed = true;
        spark = null;
        if (stopRequested) {
            stopFile.delete();
        }
    }

    /** A status that cannot be written is not what ends a run. */
    private void write() {
        if (status == null || closed) {
            return;
        }
        try {
            written = System.nanoTime();
            status.write(directory, leaseTimeout);
        } catch (RuntimeException e) {
            log.warn("cannot write {}: {}", RunStatus.FILE, e.getMessage());
        }
    }
}
