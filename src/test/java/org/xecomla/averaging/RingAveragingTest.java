package org.xecomla.averaging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** The ring between threads of this JVM, over loopback. */
class RingAveragingTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private final LoopbackRing rings = new LoopbackRing();

    @AfterEach
    void stopThreads() {
        rings.close();
    }

    private static double[] values(int rank, int segment, int length) {
        return new Random(31L * rank + segment).doubles(length, -1, 1).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyReplicaGetsTheSameWeightedMean(int numReplicas) throws Exception {
        int[] lengths = {1, 2, 7, 1000, 600_001};
        for (ElementType type : List.of(ElementType.FLOAT, ElementType.DOUBLE)) {
            double[] shares = shares(numReplicas);
            List<List<double[]>> results = rings.run(numReplicas, ring -> {
                List<Tensor> segments = new ArrayList<>();
                for (int s = 0; s < lengths.length; s++) {
                    segments.add(Tensors.of(type, 1, lengths[s], values(ring.rank(), s, lengths[s])));
                }
                ring.average(segments, shares[ring.rank()]);
                return segments.stream().map(Tensor::toDoubles).toList();
            });
            for (int s = 0; s < lengths.length; s++) {
                double[] expected = new double[lengths[s]];
                for (int r = 0; r < numReplicas; r++) {
                    double[] part = values(r, s, lengths[s]);
                    for (int i = 0; i < expected.length; i++) {
                        expected[i] += shares[r] * part[i];
                    }
                }
                assertArrayEquals(expected, results.get(0).get(s), type == ElementType.FLOAT ? 3e-7 : 1e-15);
                for (List<double[]> other : results) {
                    assertArrayEquals(results.get(0).get(s), other.get(s), 0, "the same bits on every replica");
                }
            }
        }
    }

    /** Rounded at most P times to 8 bits each, and still the same bits on every replica. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void bfloat16LosesNoMoreThanItsDigits(int numReplicas) throws Exception {
        int length = 600_001;
        List<double[]> results = rings.run(numReplicas, WireFormat.BF16, ring -> {
            Tensor segment = Tensors.of(ElementType.FLOAT, 1, length, values(ring.rank(), 0, length)); // (1, length)
            ring.average(List.of(segment), 1.0 / numReplicas);
            return segment.toDoubles();
        });
        double[] expected = new double[length];
        for (int r = 0; r < numReplicas; r++) {
            double[] part = values(r, 0, length);
            for (int i = 0; i < length; i++) {
                expected[i] += part[i] / numReplicas;
            }
        }
        assertArrayEquals(expected, results.get(0), numReplicas * 0x1p-9);
        for (double[] other : results) {
            assertArrayEquals(results.get(0), other, 0, "the same bits on every replica");
        }
        double rounded = results.get(0)[0];
        assertEquals(0, Float.floatToRawIntBits((float) rounded) & 0xFFFF, "the result is a bfloat16");
    }

    private static double[] shares(int numReplicas) {
        double[] shares = new double[numReplicas];
        for (int r = 0; r < numReplicas; r++) {
            shares[r] = 2.0 * (r + 1) / (numReplicas * (numReplicas + 1));
        }
        return shares;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void sumsAreAddedInTheOrderOfRanks(int numReplicas) throws Exception {
        double[] expected = new double[2];
        for (int r = 0; r < numReplicas; r++) {
            expected[0] += Math.pow(0.1, r);
            expected[1] += r;
        }
        for (double[] sum : rings.run(numReplicas, ring -> {
            double[] last = null;
            for (int i = 0; i < 50; i++) {
                last = ring.allReduce(Math.pow(0.1, ring.rank()), ring.rank());
            }
            return last;
        })) {
            assertArrayEquals(expected, sum, 0);
        }
    }

    @Test
    void aReplicaThatLeavesEndsTheCollectivesOfAll() throws Exception {
        List<CompletableFuture<String>> results = rings.start(3, TIMEOUT, ring -> {
            if (ring.rank() == 1) {
                return "left";
            }
            return assertThrows(RuntimeException.class, () -> ring.allReduce(1)).getMessage();
        });
        assertTrue(
                results.get(0).join().contains("lost the ring"), results.get(0).join());
        assertTrue(
                results.get(2).join().contains("replica 1 has left"),
                results.get(2).join());
    }

    @Test
    void aReplicaThatHangsIsFoundByTimeOut() throws Exception {
        CompletableFuture<Void> release = new CompletableFuture<>();
        List<CompletableFuture<String>> results = rings.start(2, Duration.ofSeconds(1), ring -> {
            if (ring.rank() == 1) {
                release.join();
                return "";
            }
            return assertThrows(RuntimeException.class, () -> ring.allReduce(1)).getMessage();
        });
        assertEquals(
                "replica 0 has waited 1 s in vain for replica 1", results.get(0).join());
        release.complete(null);
    }

    @Test
    void aReplicaThatNeverComesIsNamed() throws Exception {
        RingGroup group = RingGroup.create("test", 1, 2);
        ServerSocketChannel mine = LoopbackRing.listen();
        try (ServerSocketChannel silent = LoopbackRing.listen()) {
            List<InetSocketAddress> addresses =
                    List.of((InetSocketAddress) mine.getLocalAddress(), (InetSocketAddress) silent.getLocalAddress());
            Exception e = assertThrows(
                    RingLostException.class,
                    () -> RingAveraging.join(
                            group, 0, WireFormat.NATIVE, mine, addresses, Duration.ofSeconds(1), rings::isCancelled));
            assertEquals("time-out while waiting for replica 1", e.getMessage());
        }
    }

    @Test
    void cancellingEndsTheWait() throws Exception {
        CompletableFuture<Void> release = new CompletableFuture<>();
        List<CompletableFuture<String>> results = rings.start(2, TIMEOUT, ring -> {
            if (ring.rank() == 1) {
                release.join();
                return "";
            }
            rings.cancel();
            return assertThrows(RingLostException.class, () -> ring.allReduce(1))
                    .getMessage();
        });
        assertTrue(results.get(0).join().contains("cancelled"));
        release.complete(null);
    }

    @Test
    void replicasAtDifferentCollectivesNoticeIt() throws Exception {
        List<CompletableFuture<String>> results =
                rings.start(2, TIMEOUT, ring -> assertThrows(RuntimeException.class, () -> {
                            double[] values = new double[1 + ring.rank()];
                            ring.allReduce(values);
                        })
                        .getMessage());
        assertTrue(results.stream().anyMatch(r -> r.join().contains("at collective 1, all-reduce of 8 bytes")));
    }

    @Test
    void strangersAndStaleReplicasAreRefused() throws Exception {
        RingGroup group = RingGroup.create("test", 2, 2);
        RingGroup otherToken = RingGroup.create("test", 2, 2);
        RingGroup staleLeg = new RingGroup("test", 1, 2, group.token());
        ServerSocketChannel zero = LoopbackRing.listen();
        ServerSocketChannel one = LoopbackRing.listen();
        List<InetSocketAddress> addresses =
                List.of((InetSocketAddress) zero.getLocalAddress(), (InetSocketAddress) one.getLocalAddress());
        CompletableFuture<double[]> first = CompletableFuture.supplyAsync(
                () -> {
                    try (ParameterAveraging ring = RingAveraging.join(
                            group, 0, WireFormat.NATIVE, zero, addresses, TIMEOUT, rings::isCancelled)) {
                        return ring.allReduce(1);
                    }
                },
                rings.threads());
        // Replica 0 waits for its previous neighbour, which is replica 1; these are not it.
        assertNoWord(addresses.get(0), "GET / HTTP/1.1\r\n\r\n");
        assertEquals("it has left", refusal(otherToken, 1, addresses.get(0)));
        assertEquals("it has left", refusal(staleLeg, 1, addresses.get(0)));
        assertEquals("it has left", refusal(group, 0, addresses.get(0)));
        try (ParameterAveraging ring =
                RingAveraging.join(group, 1, WireFormat.NATIVE, one, addresses, TIMEOUT, rings::isCancelled)) {
            assertArrayEquals(new double[] {3}, ring.allReduce(2), 0);
        }
        assertArrayEquals(new double[] {3}, first.join(), 0);
    }

    private static void assertNoWord(InetSocketAddress address, String said) throws Exception {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            int answer;
            try { // the refusal may come before the last word is said: then the writing breaks
                socket.getOutputStream().write(said.getBytes(StandardCharsets.UTF_8));
                socket.shutdownOutput();
                answer = socket.getInputStream().read();
            } catch (SocketException reset) {
                answer = -1;
            }
            assertEquals(-1, answer, "no word for a stranger");
        }
    }

    /** Why the member at {@code address} does not take a connection by {@code rank} of {@code group}. */
    private static String refusal(RingGroup group, int rank, InetSocketAddress address) throws Exception {
        try (SocketChannel channel = SocketChannel.open(address)) {
            RingHandshake handshake = RingHandshake.connecting(group, rank, channel); // blocking: to its end
            return assertThrows(IOException.class, handshake::advance).getMessage();
        }
    }

    private CompletableFuture<double[]> summing(
            RingGroup group, int rank, ServerSocketChannel server, List<InetSocketAddress> addresses) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (ParameterAveraging ring = RingAveraging.join(
                            group, rank, WireFormat.NATIVE, server, addresses, TIMEOUT, rings::isCancelled)) {
                        return ring.allReduce(rank + 1);
                    }
                },
                rings.threads());
    }

    /** Connections that say nothing, or a byte now and then, more than the system would keep waiting. */
    @Test
    @Tag("slow")
    void strangersThatOnlyStandThereCostNothing() throws Exception {
        RingGroup group = RingGroup.create("test", 1, 2);
        List<ServerSocketChannel> servers = List.of(LoopbackRing.listen(), LoopbackRing.listen());
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (ServerSocketChannel server : servers) {
            addresses.add((InetSocketAddress) server.getLocalAddress());
        }
        List<SocketChannel> strangers = new ArrayList<>();
        try {
            for (int i = 0; i < 45; i++) { // below the backlog: nobody accepts yet
                for (InetSocketAddress address : addresses) {
                    strangers.add(SocketChannel.open(address));
                }
            }
            long start = System.nanoTime();
            CompletableFuture<double[]> first = summing(group, 0, servers.get(0), addresses);
            for (int i = 0; i < 200; i++) {
                strangers.add(SocketChannel.open(addresses.get(0)));
                strangers.get(i).write(ByteBuffer.wrap(new byte[] {1}));
            }
            CompletableFuture<double[]> second = summing(group, 1, servers.get(1), addresses);
            assertArrayEquals(new double[] {3}, first.join(), 0);
            assertArrayEquals(new double[] {3}, second.join(), 0);
            assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos(), "they were waited for");
        } finally {
            for (SocketChannel stranger : strangers) {
                stranger.close();
            }
        }
    }

    /** Whoever sits at the neighbour's port learns nothing of the token, and is not believed. */
    @Test
    void aStrangerAtTheNeighboursPortIsTriedAgain() throws Exception {
        RingGroup group = RingGroup.create("test", 1, 2);
        ServerSocketChannel zero = LoopbackRing.listen();
        ServerSocketChannel one = LoopbackRing.listen();
        List<InetSocketAddress> addresses =
                List.of((InetSocketAddress) zero.getLocalAddress(), (InetSocketAddress) one.getLocalAddress());
        CompletableFuture<double[]> first = summing(group, 0, zero, addresses);
        ByteBuffer heard = ByteBuffer.allocate(1000);
        try (SocketChannel channel = one.accept()) {
            channel.write(ByteBuffer.allocate(16 + RingGroup.MAC_BYTES)); // its nonce, and no proof
            while (channel.read(heard) >= 0) {
                // until it hangs up
            }
        } catch (SocketException reset) {
            // it has hung up
        }
        String said = new String(heard.array(), StandardCharsets.ISO_8859_1);
        assertTrue(heard.position() > 0, "nothing was said");
        assertTrue(!said.contains(new String(group.token(), StandardCharsets.ISO_8859_1)), "the token was said");
        assertArrayEquals(new double[] {3}, summing(group, 1, one, addresses).join(), 0);
        assertArrayEquals(new double[] {3}, first.join(), 0);
    }

    /** One bit of one replica. */
    @Test
    void replicasThatHoldOtherBitsNoticeIt() throws Exception {
        double[] values = values(0, 0, 600_001);
        for (String ended : rings.run(3, ring -> {
            ring.requireEqual(List.of(Tensors.of(ElementType.FLOAT, 1, values.length, values)));
            double[] mine = values.clone();
            mine[500_000] = ring.rank() == 1 ? Math.nextUp((float) mine[500_000]) : mine[500_000];
            Tensor other = Tensors.of(ElementType.FLOAT, 1, mine.length, mine); // (1, 600001)
            return assertThrows(IllegalStateException.class, () -> ring.requireEqual(List.of(other)))
                    .getMessage();
        })) {
            assertTrue(ended.startsWith("other weights than replica 0 on "), ended);
            assertTrue(ended.contains(" have: replica 1 on ") && !ended.contains("replica 2"), ended);
            String host = InetAddress.getLocalHost().getHostName();
            assertEquals(3, ended.split(Pattern.quote(host + " ("), -1).length, ended);
        }
    }

    @Test
    void aBitThatFlipsOnTheWayEndsTheLeg() throws Exception {
        RingGroup group = RingGroup.create("test", 1, 2);
        ServerSocketChannel zero = LoopbackRing.listen();
        ServerSocketChannel one = LoopbackRing.listen();
        ServerSocketChannel line = LoopbackRing.listen();
        InetSocketAddress zeros = (InetSocketAddress) zero.getLocalAddress();
        InetSocketAddress ones = (InetSocketAddress) one.getLocalAddress();
        int handshake = 32 + RingGroup.MAC_BYTES + 1;
        int header = Collective.BYTES + Integer.BYTES;
        rings.threads().submit(() -> forward(line, ones, handshake + header + 3));
        summing(group, 0, zero, List.of(zeros, (InetSocketAddress) line.getLocalAddress()));
        CompletableFuture<double[]> second = summing(group, 1, one, List.of(zeros, ones));
        Throwable found = assertThrows(CompletionException.class, second::join).getCause();
        assertTrue(found.getMessage().contains("what replica 0 sent has arrived with other bits"), found::toString);
    }

    /**
     * Hands on what goes through {@code line} to {@code target} and back, byte number {@code flipped} with another bit.
     */
    private Void forward(ServerSocketChannel line, InetSocketAddress target, int flipped) throws Exception {
        try (SocketChannel from = line.accept();
                SocketChannel to = SocketChannel.open(target)) {
            rings.threads().submit(() -> to.socket()
                    .getInputStream()
                    .transferTo(from.socket().getOutputStream()));
            for (int at = 0; ; at++) {
                int next = from.socket().getInputStream().read();
                if (next < 0) {
                    return null;
                }
                to.socket().getOutputStream().write(at == flipped ? next ^ 4 : next);
            }
        }
    }
}
