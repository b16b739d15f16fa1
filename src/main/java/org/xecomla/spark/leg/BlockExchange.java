package org.xecomla.spark.leg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.spark.storage.BlockData;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.storage.StreamBlockId;
import org.apache.spark.util.io.ChunkedByteBuffer;
import org.xecomla.averaging.RingGroup;
import org.xecomla.averaging.RingLostException;
import scala.Option;
import scala.reflect.ClassTag$;

/**
 * Blocks of bytes that the tasks of one leg leave for each other in Spark's block managers. The events of all members
 * are the same sequence; a block is known by the event, its publisher, and whom it is for.
 */
final class BlockExchange implements AutoCloseable {
    /** A block for all members. */
    static final int ALL = -1;

    private static final long LEFT = 0; // the event that says that its publisher has gone
    private static final long FIRST_PAUSE_MICROS = 200;
    private static final long LONGEST_PAUSE_MICROS = 20_000;

    private final RingGroup group;
    private final int rank;
    private final BlockManager manager;
    private final Duration timeout;
    private final BooleanSupplier cancelled;
    private final int stream;
    private final Deque<Published> published = new ArrayDeque<>();
    private long event = LEFT;

    private record Published(long event, BlockId id) {}

    BlockExchange(RingGroup group, int rank, BlockManager manager, Duration timeout, BooleanSupplier cancelled) {
        this.group = group;
        this.rank = rank;
        this.manager = manager;
        this.timeout = timeout;
        this.cancelled = cancelled;
        // Blocks of an earlier leg may still be there.
        this.stream = group.publicNumber();
    }

    /** Begins the next event, the same on all members. */
    long nextEvent() {
        return ++event;
    }

    private BlockId id(long ofEvent, int from, int to) {
        int p = group.numReplicas();
        return new StreamBlockId(stream, (ofEvent * p + from) * (p + 1) + to + 1);
    }

    /** Leaves a copy of {@code bytes} for member {@code to}, or for {@link #ALL}. */
    void publish(long ofEvent, int to, ByteBuffer bytes) {
        ByteBuffer copy = ByteBuffer.allocate(bytes.remaining());
        copy.put(bytes).flip();
        BlockId id = id(ofEvent, rank, to);
        boolean stored = manager.putBytes(
                id, new ChunkedByteBuffer(copy), StorageLevel.MEMORY_AND_DISK_SER(), true, ClassTag$.MODULE$.Any());
        if (!stored) {
            throw new IllegalStateException("replica " + rank + ": Spark does not store block " + id);
        }
        published.add(new Published(ofEvent, id));
    }

    /** Waits for what member {@code from} leaves for {@code to}: this member, or {@link #ALL}. In native order. */
    ByteBuffer fetch(long ofEvent, int from, int to) {
        BlockId id = id(ofEvent, from, to);
        long deadline = System.nanoTime() + timeout.toNanos();
        long pause = FIRST_PAUSE_MICROS;
        while (true) {
            ByteBuffer found = look(id);
            if (found == null && look(id(LEFT, from, ALL)) != null) {
                found = look(id); // it may have left after the block
                if (found == null) {
                    throw new RingLostException("replica " + rank + " lost the others: replica " + from + " has left");
                }
            }
            if (found != null) {
                return found;
            }
            if (cancelled.getAsBoolean()) {
                throw new RingLostException("replica " + rank + " was cancelled while it waited for the others");
            }
            if (System.nanoTime() > deadline) {
                throw new RingLostException(
                        "replica " + rank + " has waited " + timeout.toSeconds() + " s in vain for replica " + from);
            }
            pause(pause);
            pause = Math.min(LONGEST_PAUSE_MICROS, pause * 2);
        }
    }

    private ByteBuffer look(BlockId id) {
        Option<BlockData> local = manager.getLocalBytes(id);
        if (local.isDefined()) {
            try {
                ByteBuffer bytes = local.get().toByteBuffer();
                ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).order(ByteOrder.nativeOrder());
                return copy.put(bytes).flip();
            } finally {
                local.get().dispose();
                manager.releaseLock(id, Option.empty());
            }
        }
        Option<ChunkedByteBuffer> remote = manager.getRemoteBytes(id);
        return remote.isDefined() ? remote.get().toByteBuffer().order(ByteOrder.nativeOrder()) : null;
    }

    private static void pause(long micros) {
        try {
            TimeUnit.MICROSECONDS.sleep(micros);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RingLostException("interrupted while waiting for the other replicas", e);
        }
    }

    /** Removes this member's blocks of events up to {@code lastEvent}, which all others must have read. */
    void removeUpTo(long lastEvent) {
        while (!published.isEmpty() && published.peekFirst().event <= lastEvent) {
            manager.removeBlock(published.removeFirst().id, true);
        }
    }

    /** Tells the others that nothing more will come. What they may not have read yet stays with Spark. */
    @Override
    public void close() {
        publish(LEFT, ALL, ByteBuffer.allocate(1));
    }
}
