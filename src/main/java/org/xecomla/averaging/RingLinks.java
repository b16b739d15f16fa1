package org.xecomla.averaging;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member's two connections in a ring: it sends to the next rank and receives from the previous one.
 *
 * <p>No call waits for ever: after {@code timeout} without a byte moved, at the end of a neighbour, or once {@code
 * cancelled} says so, it throws and closes both connections, so that the failure runs round the ring at once.
 */
final class RingLinks implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RingLinks.class);
    private static final int POLL_MILLIS = 200;
    private static final int INTRODUCTION_MILLIS = 5_000;

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
        long deadline = System.nanoTime() + timeout.toNanos();
        SocketChannel next = null;
        SocketChannel previous = null;
        try (server) {
            next = connect(group, rank, addresses.get(group.next(rank)), deadline, cancelled);
            previous = accept(group, rank, server, deadline, cancelled);
            answer(group, rank, previous);
            checkAnswer(group, rank, next, timeout);
            return new RingLinks(group, rank, timeout, cancelled, next, previous);
        } catch (IOException e) {
            closeQuietly(next);
            closeQuietly(previous);
            throw new RingLostException("replica " + rank + " cannot join the ring of " + group + ": " + e, e);
        } catch (RuntimeException e) {
            closeQuietly(next);
            closeQuietly(previous);
            throw e;
        }
    }

    private static SocketChannel connect(
            RingGroup group, int rank, InetSocketAddress address, long deadline, BooleanSupplier cancelled)
            throws IOException {
        while (true) {
            SocketChannel channel = SocketChannel.open();
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.socket().connect(address, POLL_MILLIS * 10);
                group.introduce(rank, new DataOutputStream(channel.socket().getOutputStream()));
                return channel;
            } catch (ConnectException | SocketTimeoutException e) {
                channel.close();
                checkWait("replica " + group.next(rank) + " at " + address, deadline, cancelled);
                pause();
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }
    }

    /** The previous member; whoever else knocks is refused and waited past. */
    private static SocketChannel accept(
            RingGroup group, int rank, ServerSocketChannel server, long deadline, BooleanSupplier cancelled)
            throws IOException {
        server.socket().setSoTimeout(POLL_MILLIS);
        while (true) {
            Socket socket;
            try {
                socket = server.socket().accept();
            } catch (SocketTimeoutException e) {
                checkWait("replica " + group.previous(rank), deadline, cancelled);
                continue;
            }
            String refusal;
            try {
                socket.setSoTimeout(INTRODUCTION_MILLIS);
                socket.setTcpNoDelay(true);
                refusal = group.refuse(group.previous(rank), new DataInputStream(socket.getInputStream()));
            } catch (IOException e) {
                refusal = "it did not introduce itself: " + e;
            }
            if (refusal == null) {
                return socket.getChannel();
            }
            log.warn("replica {} refused a connection from {}: {}", rank, socket.getRemoteSocketAddress(), refusal);
            socket.close();
        }
    }

    private static void answer(RingGroup group, int rank, SocketChannel previous) throws IOException {
        group.introduce(rank, new DataOutputStream(previous.socket().getOutputStream()));
    }

    private static void checkAnswer(RingGroup group, int rank, SocketChannel next, Duration timeout)
            throws IOException {
        next.socket().setSoTimeout(Math.toIntExact(timeout.toMillis()));
        String refusal =
                group.refuse(group.next(rank), new DataInputStream(next.socket().getInputStream()));
        if (refusal != null) {
            throw new IOException("the address of replica " + group.next(rank) + " is not its own: " + refusal);
        }
    }

    private static void checkWait(String whom, long deadline, BooleanSupplier cancelled) {
        if (cancelled.getAsBoolean()) {
            throw new RingLostException("cancelled while waiting for " + whom);
        }
        if (System.nanoTime() > deadline) {
            throw new RingLostException("time-out while waiting for " + whom);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RingLostException("interrupted while joining the ring", e);
        }
    }

    /**
     * Sends to the next member and receives from the previous one at the same time, until both sides are done.
     *
     * @param outgoing gives one buffer after the other, and null after the last
     * @param incoming is given each buffer once full, and gives the next one to fill, or null; first called with null
     */
    void exchange(Supplier<ByteBuffer> outgoing, UnaryOperator<ByteBuffer> incoming) {
        try {
            ByteBuffer out = outgoing.get();
            ByteBuffer in = incoming.apply(null);
            long lastMove = System.nanoTime();
            while (out != null || in != null) {
                boolean moved = false;
                if (out != null) {
                    moved |= next.write(out) > 0;
                    out = out.hasRemaining() ? out : outgoing.get();
                }
                if (in != null) {
                    int read = previous.read(in);
                    if (read < 0) {
                        throw new IOException("replica " + group.previous(rank) + " has left");
                    }
                    moved |= read > 0;
                    in = in.hasRemaining() ? in : incoming.apply(in);
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
        closeQuietly(next);
        closeQuietly(previous);
        closeQuietly(selector);
    }

    private static void closeQuietly(AutoCloseable resource) {
        if (resource != null) {
            try {
                resource.close();
            } catch (Exception e) {
                log.debug("closing a ring connection", e);
            }
        }
    }
}
