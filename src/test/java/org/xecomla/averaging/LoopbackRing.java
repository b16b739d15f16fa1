package org.xecomla.averaging;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/** Rings between threads of this JVM, over loopback. */
public final class LoopbackRing implements AutoCloseable {
    /** What one member does. */
    public interface Member<R> {
        R run(ParameterAveraging ring) throws Exception;
    }

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicBoolean cancelled = new AtomicBoolean();

    static ServerSocketChannel listen() throws Exception {
        return ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    ExecutorService threads() {
        return threads;
    }

    /** Tells the members that they are no longer wanted, as Spark tells tasks. */
    void cancel() {
        cancelled.set(true);
    }

    boolean isCancelled() {
        return cancelled.get();
    }

    <R> List<CompletableFuture<R>> start(int numReplicas, Duration timeout, Member<R> member) throws Exception {
        return start(numReplicas, WireFormat.NATIVE, timeout, member);
    }

    <R> List<CompletableFuture<R>> start(int numReplicas, WireFormat wire, Duration timeout, Member<R> member)
            throws Exception {
        RingGroup group = RingGroup.create("test", 1, numReplicas);
        List<ServerSocketChannel> servers = new ArrayList<>();
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (int r = 0; r < numReplicas; r++) {
            servers.add(listen());
            addresses.add((InetSocketAddress) servers.get(r).getLocalAddress());
        }
        List<CompletableFuture<R>> results = new ArrayList<>();
        for (int r = 0; r < numReplicas; r++) {
            int rank = r;
            results.add(CompletableFuture.supplyAsync(
                    () -> {
                        try (ParameterAveraging ring = RingAveraging.join(
                                group, rank, wire, servers.get(rank), addresses, timeout, cancelled::get)) {
                            return member.run(ring);
                        } catch (Exception e) {
                            throw new CompletionException(e);
                        }
                    },
                    threads));
        }
        return results;
    }

    /** What the members made of it, by rank. */
    public <R> List<R> run(int numReplicas, Member<R> member) throws Exception {
        return run(numReplicas, WireFormat.NATIVE, member);
    }

    <R> List<R> run(int numReplicas, WireFormat wire, Member<R> member) throws Exception {
        return start(numReplicas, wire, Duration.ofSeconds(60), member).stream()
                .map(CompletableFuture::join)
                .toList();
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
