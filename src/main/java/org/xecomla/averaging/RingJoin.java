package org.xecomla.averaging;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member's way into its ring: it accepts while it connects, all connections at once and none of them waited for.
 * Whoever cannot show that he is the neighbour within {@value #HANDSHAKE_SECONDS} seconds, however slowly he speaks, is
 * put off; where more knock than {@value #MAX_PENDING}, the one that has stood there longest. A connection of one's own
 * that fails is tried again: what answered may not be the neighbour.
 */
final class RingJoin implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RingJoin.class);
    private static final int HANDSHAKE_SECONDS = 5;
    private static final int MAX_PENDING = 64;
    private static final int MAX_LOGGED = 20;
    private static final long POLL_MILLIS = 200;
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(POLL_MILLIS);
    private static final long HANDSHAKE_NANOS = TimeUnit.SECONDS.toNanos(HANDSHAKE_SECONDS);

    private final RingGroup group;
    private final int rank;
    private final ServerSocketChannel server;
    private final InetSocketAddress nextAddress;
    private final Selector selector;
    private long retryAt = System.nanoTime();
    private int numPending;
    private int numRefused;
    private SelectionKey calling; // the connection to the next member that is being tried
    private SocketChannel next;
    private SocketChannel previous;

    /** A connection whose other side is not known yet; without a handshake while it is not even connected. */
    private static final class Pending {
        private final SocketChannel channel;
        private final boolean accepted;
        private final long since = System.nanoTime();
        private RingHandshake handshake;

        Pending(SocketChannel channel, boolean accepted, RingHandshake handshake) {
            this.channel = channel;
            this.accepted = accepted;
            this.handshake = handshake;
        }
    }

    /**
     * @param server bound already; closed with this
     * @param nextAddress where the next member listens
     */
    RingJoin(RingGroup group, int rank, ServerSocketChannel server, InetSocketAddress nextAddress) throws IOException {
        this.group = group;
        this.rank = rank;
        this.server = server;
        this.nextAddress = nextAddress;
        this.selector = Selector.open();
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
    }

    /**
     * Returns when both neighbours are there.
     *
     * @param deadline by {@link System#nanoTime}
     * @throws RingLostException where they are not by then, or {@code cancelled} says so
     */
    void await(long deadline, BooleanSupplier cancelled) throws IOException {
        try {
            awaitBoth(deadline, cancelled);
        } catch (IOException | RuntimeException e) {
            closeQuietly(next);
            closeQuietly(previous);
            throw e;
        }
        if (numRefused > MAX_LOGGED) {
            log.warn("replica {} refused {} connections more", rank, numRefused - MAX_LOGGED);
        }
    }

    private void awaitBoth(long deadline, BooleanSupplier cancelled) throws IOException {
        while (next == null || previous == null) {
            String whom = "replica " + (next == null ? group.next(rank) : group.previous(rank));
            if (cancelled.getAsBoolean() || Thread.currentThread().isInterrupted()) {
                throw new RingLostException("cancelled while waiting for " + whom);
            }
            if (System.nanoTime() - deadline > 0) {
                throw new RingLostException("time-out while waiting for " + whom);
            }
            if (next == null && calling == null && System.nanoTime() - retryAt >= 0) {
                call();
            }
            selector.select(this::handle, POLL_MILLIS);
            putOffTheSlow();
        }
    }

    /** To the next member; blocking mode is off, as a selector wants it. */
    SocketChannel next() {
        return next;
    }

    /** From the previous member. */
    SocketChannel previous() {
        return previous;
    }

    private void call() {
        try {
            SocketChannel channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            calling = channel.register(selector, SelectionKey.OP_CONNECT, new Pending(channel, false, null));
            if (channel.connect(nextAddress)) {
                connected(calling);
            }
        } catch (IOException e) {
            failed(calling, e);
        }
    }

    private void handle(SelectionKey key) {
        if (!key.isValid()) {
            return; // given up for another's sake
        }
        try {
            if (key.isAcceptable()) {
                accept();
            } else if (key.isConnectable()) {
                ((SocketChannel) key.channel()).finishConnect();
                connected(key);
            } else {
                advance(key);
            }
        } catch (IOException e) {
            failed(key, e);
        }
    }

    private void connected(SelectionKey key) throws IOException {
        Pending pending = (Pending) key.attachment();
        pending.handshake = RingHandshake.connecting(group, rank, pending.channel);
        advance(key);
    }

    private void accept() throws IOException {
        for (SocketChannel channel = server.accept(); channel != null; channel = server.accept()) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            if (numPending == MAX_PENDING) {
                putOffTheOldest("too many others knock");
            }
            numPending++;
            RingHandshake handshake = RingHandshake.accepting(group, rank, channel);
            channel.register(selector, SelectionKey.OP_READ, new Pending(channel, true, handshake));
        }
    }

    private void putOffTheOldest(String reason) {
        SelectionKey oldest = null;
        for (SelectionKey key : selector.keys()) {
            if (isAccepted(key) && (oldest == null || since(key) - since(oldest) < 0)) {
                oldest = key;
            }
        }
        if (oldest != null) {
            failed(oldest, new IOException(reason));
        }
    }

    private static boolean isAccepted(SelectionKey key) {
        return key.isValid() && key.attachment() instanceof Pending pending && pending.accepted;
    }

    private static long since(SelectionKey key) {
        return ((Pending) key.attachment()).since;
    }

    private void advance(SelectionKey key) throws IOException {
        Pending pending = (Pending) key.attachment();
        if (!pending.handshake.advance()) {
            key.interestOps(pending.handshake.interest());
            return;
        }
        key.cancel();
        if (pending.accepted) {
            numPending--;
            closeQuietly(previous); // a neighbour that has tried again means its newest connection
            previous = pending.channel;
        } else {
            calling = null;
            next = pending.channel;
        }
    }

    /** Gives a connection up; one's own is tried again soon. */
    private void failed(SelectionKey key, IOException reason) {
        if (key == null || !(key.attachment() instanceof Pending pending)) {
            outOfSockets(reason);
            return;
        }
        if (pending.accepted) {
            numPending--;
            if (numRefused++ < MAX_LOGGED) {
                log.warn("replica {} refused {}: {}", rank, remote(pending.channel), reason.getMessage());
            }
        } else {
            calling = null;
            retryAt = System.nanoTime() + RETRY_NANOS;
            log.debug("replica {} does not reach {} yet", rank, nextAddress, reason);
        }
        key.cancel();
        closeQuietly(pending.channel);
    }

    /** The machine gives no more sockets: strangers give theirs back, and a pause keeps this loop from spinning. */
    private void outOfSockets(IOException reason) {
        retryAt = System.nanoTime() + RETRY_NANOS;
        if (numRefused++ < MAX_LOGGED) {
            log.warn("replica {} cannot open a connection: {}", rank, reason.getMessage());
        }
        putOffTheOldest(reason.getMessage());
        LockSupport.parkNanos(RETRY_NANOS);
    }

    private static String remote(SocketChannel channel) {
        try {
            return "a connection from " + channel.getRemoteAddress();
        } catch (IOException e) {
            return "a connection";
        }
    }

    private void putOffTheSlow() {
        long now = System.nanoTime();
        for (SelectionKey key : selector.keys()) {
            if (key.isValid() && key.attachment() instanceof Pending && now - since(key) > HANDSHAKE_NANOS) {
                failed(key, new IOException("it did not introduce itself within " + HANDSHAKE_SECONDS + " s"));
            }
        }
    }

    /** Ends all that is pending, and the listening; the neighbours' connections stay. */
    @Override
    public void close() {
        for (SelectionKey key : selector.keys()) {
            if (key.isValid() && key.attachment() instanceof Pending) {
                closeQuietly(key.channel());
            }
        }
        closeQuietly(server);
        closeQuietly(selector);
    }

    static void closeQuietly(AutoCloseable resource) {
        if (resource != null) {
            try {
                resource.close();
            } catch (Exception e) {
                log.debug("closing a ring connection", e);
            }
        }
    }
}
