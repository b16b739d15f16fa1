package org.xecomla.files;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.errors.UserException;

/**
 * The right to write into a run's directory, of one driver at a time: {@code _LEASE.json}, renewed by a heartbeat.
 * Whoever finds it held is refused. A lease is taken over at once when its holder was a process of this machine that
 * has ended, and otherwise when it was seen for the time-out without being renewed: what another machine's clock says
 * is not believed. Every holder has a greater number than those before, {@link RunFence}; one that was taken for dead
 * finds it out at its next heartbeat, or before it finishes anything.
 */
public final class RunLease implements AutoCloseable {
    public static final String FILE = "_LEASE.json";

    private static final Logger log = LoggerFactory.getLogger(RunLease.class);
    private static final int HEARTBEATS_PER_TIMEOUT = 4;
    private static final long POLL_MILLIS = 200;
    private static final long SETTLE_MILLIS = 500;

    private final Path file;
    private final Duration timeout;
    private final RunFence fence;
    private final Runnable onLoss;
    private final ScheduledExecutorService heart;
    private LeaseHolder mine; // as last heard of
    private volatile boolean lost;
    private long renewed = System.nanoTime();

    @SuppressWarnings("FutureReturnValueIgnored") // a beat tells of its own failure
    private RunLease(
            Path file, Duration timeout, LeaseHolder mine, RunFence fence, Runnable onHeartbeat, Runnable onLoss) {
        this.file = file;
        this.fence = fence;
        this.onLoss = onLoss;
        this.timeout = timeout;
        this.mine = mine;
        this.heart = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "lease of " + file.getParent());
            thread.setDaemon(true);
            return thread;
        });
        long every = timeout.toMillis() / HEARTBEATS_PER_TIMEOUT;
        heart.scheduleAtFixedRate(() -> beat(onHeartbeat), every, every, TimeUnit.MILLISECONDS);
    }

    /**
     * Takes the lease of {@code directory}; waits, at most for {@code timeout}, to see whether another holder still
     * lives.
     *
     * @param say is told about the waiting, and about a lease that is taken over
     * @param onHeartbeat is called after every renewal
     * @param onLoss is called once if another driver takes this lease
     * @throws UserException where another holder lives; names it and its age
     */
    public static RunLease acquire(
            Path directory, Duration timeout, Consumer<String> say, Runnable onHeartbeat, Runnable onLoss) {
        Path file = new Path(directory, FILE);
        RunFence fence = RunFence.next(directory, 0);
        LeaseHolder mine = LeaseHolder.here(fence.number());
        while (!create(file, mine)) {
            String seen = read(file);
            if (seen != null && isFree(file, seen, timeout, say)) {
                LeaseHolder before = LeaseHolder.parse(seen);
                fence = RunFence.next(directory, before == null ? 0 : before.fence());
                mine = LeaseHolder.here(fence.number());
                takeOver(file, mine);
                break;
            }
        }
        try {
            fence.write();
        } catch (RuntimeException e) {
            DataFiles.delete(file); // it would be held by nobody, as long as this process lives
            throw e;
        }
        return new RunLease(file, timeout, mine, fence, onHeartbeat, onLoss);
    }

    private static boolean create(Path file, LeaseHolder mine) {
        if (!DataFiles.createNew(file, mine.toJson())) {
            return false;
        }
        if (DataFiles.isObjectStore(file)) {
            requireSettled(file, mine); // others may have created it at the same time: the last one has it
        }
        return true;
    }

    private static String read(Path file) {
        try {
            return DataFiles.readString(file);
        } catch (UserException gone) {
            return null;
        }
    }

    /**
     * Whether what {@code file} said is no longer true; throws where its holder lives, returns false where it has left.
     */
    private static boolean isFree(Path file, String seen, Duration timeout, Consumer<String> say) {
        LeaseHolder holder = LeaseHolder.parse(seen);
        if (holder != null && holder.hasEnded()) {
            say.accept("takes over from " + holder);
            return true;
        }
        if (holder != null && holder.livesHere()) {
            throw held(file, holder);
        }
        say.accept("waits to see whether another driver lives: " + (holder == null ? "unknown" : holder));
        long deadline = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() < deadline) {
            pause(POLL_MILLIS);
            String now = read(file);
            if (now == null) {
                return false;
            }
            if (!now.equals(seen)) {
                throw held(file, LeaseHolder.parse(now));
            }
            if (holder != null && holder.hasEnded()) {
                break;
            }
        }
        say.accept("takes over from " + (holder == null ? "an unknown driver" : holder));
        return true;
    }

    private static void takeOver(Path file, LeaseHolder mine) {
        DataFiles.writeString(file, mine.toJson());
        requireSettled(file, mine);
    }

    private static void requireSettled(Path file, LeaseHolder mine) {
        pause(SETTLE_MILLIS);
        LeaseHolder now = LeaseHolder.parse(DataFiles.readString(file));
        if (now == null || !now.token().equals(mine.token())) {
            throw held(file, now);
        }
    }

    private static UserException held(Path file, LeaseHolder holder) {
        return new UserException(DataFiles.display(file.getParent()) + " is being written by another driver, "
                + (holder == null ? "which is unknown" : holder)
                + ": wait for its end, stop it, or choose another run.dir");
    }

    private synchronized void beat(Runnable onHeartbeat) {
        if (lost) {
            return;
        }
        try {
            String now = read(file);
            LeaseHolder holder = now == null ? null : LeaseHolder.parse(now);
            boolean own = holder != null && holder.token().equals(mine.token());
            boolean ghost = holder != null && holder.fence() < mine.fence(); // it slept between looking and writing
            if (fence.isPassed() || !own && !ghost) {
                lose();
                return;
            }
            mine = mine.alive();
            DataFiles.writeString(file, mine.toJson());
            renewed = System.nanoTime();
            onHeartbeat.run();
        } catch (RuntimeException e) {
            log.warn("cannot renew {}: {}", DataFiles.display(file), e.getMessage());
            if (System.nanoTime() - renewed > timeout.toNanos()) {
                lose();
            }
        }
    }

    private void lose() {
        lost = true;
        log.error("{} is no longer this driver's", DataFiles.display(file));
        onLoss.run();
    }

    /** @throws UserException where another driver has taken the lease, or it could not be renewed in time */
    public synchronized void requireHeld() {
        if (!lost && fence.isPassed()) {
            lose();
        }
        if (lost) {
            throw new UserException(DataFiles.display(file.getParent())
                    + " is no longer this driver's: its heartbeat came too late and another may have taken over");
        }
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a lease", e);
        }
    }

    /** The number by which others know whether this driver's time is over. */
    public RunFence fence() {
        return fence;
    }

    /** Gives the lease back. */
    @Override
    public void close() {
        heart.shutdown();
        try {
            heart.awaitTermination(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!lost && !fence.isPassed()) {
            DataFiles.delete(file);
        }
    }
}
