package org.xecomla.averaging;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/**
 * One member's two connections in a ring: it sends to the next rank and receives from the previous one.
 *
 * <p>No call waits for ever: after {@code timeout} without a byte moved, at the end of a neighbour, or once {@code
 * cancelled} says so, it throws and closes both connections, so that the failure runs round the ring at once.
 */
final class RingLinks implements AutoCloseable {
    private static final int POLL_MILLIS = 200;

    private final RingGroup group;
    private final int rank;
    private final Duration timeout;
    private final BooleanSupplier cancelled;
    private final SocketChannel next;
    private final SocketChannel previous;
    private final Selector selector;
    private final SelectionKey nextKey;
    private final SelectionKey previousKey;

    private RingLinks(
            RingGroup group,
            int rank,
            Duration timeout,
            BooleanSupplier cancelled,
            SocketChannel next,
            SocketChannel previous)
            throws IOException {
        this.group = group;
        this.rank = rank;
        this.timeout = timeout;
        this.cancelled = cancelled;
        this.next = next;
        this.previous = previous;
        this.selector = Selector.open();
        next.configureBlocking(false);
        previous.configureBlocking(false);
        this.nextKey = next.register(selector, 0);
        this.previousKey = previous.register(selector, 0);
    }

    /**
     * Connects to the next member and accepts the previous one.
     *
     * @param server bound already; closed when both neighbours are there
     * @param addresses where the members listen, by rank
     * @throws RingLostException when a neighbour does not come within {@code timeout}
     */
    static RingLinks join(
            RingGroup group,
            int rank,
            ServerSocketChannel server,
            List<InetSocketAddress> addresses,
            Duration timeout,
            BooleanSupplier cancelled) {
        SocketChannel next;
        SocketChannel previous;
        try (RingJoin join = new RingJoin(group, rank, server, addresses.get(group.next(rank)))) {
            join.await(System.nanoTime() + timeout.toNanos(), cancelled);
            next = join.next();
            previous = join.previous();
        } catch (IOException e) {
            throw new RingLostException("replica " + rank + " cannot join the ring of " + group + ": " + e, e);
        }
        try {
            return new RingLinks(group, rank, timeout, cancelled, next, previous);
        } catch (IOException e) {
            RingJoin.closeQuietly(next);
            RingJoin.closeQuietly(previous);
            throw new RingLostException("replica " + rank + " cannot join the ring of " + group + ": " + e, e);
        }
    }

    /**
     * Sends to the next member and receives from the previous one at the same time, until both sides are done. Every
     * buffer is followed by its CRC-32C: a bit that flips on the way ends the leg and is not averaged in.
     *
     * @param outgoing gives one buffer after the other, and null after the last
     * @param incoming is given each buffer once full, and gives the next one to fill, or null; first called with null
     */
    void exchange(Supplier<ByteBuffer> outgoing, UnaryOperator<ByteBuffer> incoming) {
        try {
            ByteBuffer[] out = checked(outgoing.get());
            ByteBuffer[] in = withRoom(incoming.apply(null));
            long lastMove = System.nanoTime();
            while (out != null || in != null) {
                boolean moved = false;
                if (out != null) {
                    moved |= next.write(out) > 0;
                    out = out[1].hasRemaining() ? out : checked(outgoing.get());
                }
                if (in != null) {
                    long read = previous.read(in, 0, 2);
                    if (read < 0) {
                        throw new IOException("replica " + group.previous(rank) + " has left");
                    }
                    moved |= read > 0;
                    in = in[1].hasRemaining() ? in : withRoom(incoming.apply(verified(in)));
                }
                if (moved) {
                    lastMove = System.nanoTime();
                } else {
                    await(out != null, in != null, lastMove);
                }
            }
        } catch (IOException e) {
            close();
            throw new RingLostException("replica " + rank + " lost the ring of " + group + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What is to be sent: {@code buffer} and its checksum; null at the end. */
    private static ByteBuffer[] checked(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        ByteBuffer checksum = ByteBuffer.allocate(Integer.BYTES);
        return new ByteBuffer[] {buffer, checksum.putInt(crc(buffer)).flip()};
    }

    /** What is to be received: {@code buffer}, from its present position, and its checksum; null at the end. */
    private static ByteBuffer[] withRoom(ByteBuffer buffer) {
        return buffer == null
                ? null
                : new ByteBuffer[] {buffer, ByteBuffer.allocate(Integer.BYTES), buffer.duplicate()};
    }

    /** The buffer that has come. */
    private ByteBuffer verified(ByteBuffer[] came) throws IOException {
        if (came[1].flip().getInt() != crc(came[2])) {
            throw new IOException("what replica " + group.previous(rank)
                    + " sent has arrived with other bits: look at the" + " memory and network of both machines");
        }
        return came[0];
    }

    private static int crc(ByteBuffer buffer) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.duplicate());
        return (int) crc.getValue();
    }

    private void await(boolean writing, boolean reading, long lastMove) throws IOException {
        nextKey.interestOps(writing ? SelectionKey.OP_WRITE : 0);
        previousKey.interestOps(reading ? SelectionKey.OP_READ : 0);
        selector.selectedKeys().clear();
        selector.select(POLL_MILLIS);
        if (Thread.currentThread().isInterrupted() || cancelled.getAsBoolean()) {
            throw new RingLostException("replica " + rank + " was cancelled while it waited for its neighbours");
        }
        if (System.nanoTime() - lastMove > timeout.toNanos()) {
            throw new RingLostException("replica " + rank + " has waited " + timeout.toSeconds()
                    + " s in vain for replica " + (reading ? group.previous(rank) : group.next(rank)));
        }
    }

    @Override
    public void close() {
        RingJoin.closeQuietly(next);
        RingJoin.closeQuietly(previous);
        RingJoin.closeQuietly(selector);
    }
}
