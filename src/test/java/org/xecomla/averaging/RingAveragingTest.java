package org.xecomla.averaging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataOutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.tensor.Tensor;

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
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            double[] shares = shares(numReplicas);
            List<List<double[]>> results = rings.run(numReplicas, ring -> {
                List<Tensor> segments = new ArrayList<>();
                for (int s = 0; s < lengths.length; s++) {
                    segments.add(Tensor.of(type, 1, lengths[s], values(ring.rank(), s, lengths[s])));
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
                assertArrayEquals(expected, results.get(0).get(s), type == DataType.FLOAT ? 3e-7 : 1e-15);
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
            Tensor segment = Tensor.of(DataType.FLOAT, 1, length, values(ring.rank(), 0, length)); // (1, length)
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
                last = ring.sum(Math.pow(0.1, ring.rank()), ring.rank());
            }
            return last;
        })) {
            assertArrayEquals(expected, sum, 0);
        }
    }

    @Test
    void aReplicaThatLeavesEndsTheMeetingsOfAll() throws Exception {
        List<CompletableFuture<String>> results = rings.start(3, TIMEOUT, ring -> {
            if (ring.rank() == 1) {
                return "left";
            }
            return assertThrows(RuntimeException.class, () -> ring.sum(1)).getMessage();
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
            return assertThrows(RuntimeException.class, () -> ring.sum(1)).getMessage();
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
            return assertThrows(RingLostException.class, () -> ring.sum(1)).getMessage();
        });
        assertTrue(results.get(0).join().contains("cancelled"));
        release.complete(null);
    }

    @Test
    void replicasAtDifferentMeetingsNoticeIt() throws Exception {
        List<CompletableFuture<String>> results =
                rings.start(2, TIMEOUT, ring -> assertThrows(RuntimeException.class, () -> {
                            double[] values = new double[1 + ring.rank()];
                            ring.sum(values);
                        })
                        .getMessage());
        assertTrue(results.stream().anyMatch(r -> r.join().contains("at meeting 1 about -8 bytes")));
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
                        return ring.sum(1);
                    }
                },
                rings.threads());
        // Replica 0 waits for its previous neighbour, which is replica 1; these are not it.
        assertRefused(addresses.get(0), out -> out.writeBytes("GET / HTTP/1.1\r\n\r\n"));
        assertRefused(addresses.get(0), out -> otherToken.introduce(1, out));
        assertRefused(addresses.get(0), out -> staleLeg.introduce(1, out));
        assertRefused(addresses.get(0), out -> group.introduce(0, out));
        try (ParameterAveraging ring =
                RingAveraging.join(group, 1, WireFormat.NATIVE, one, addresses, TIMEOUT, rings::isCancelled)) {
            assertArrayEquals(new double[] {3}, ring.sum(2), 0);
        }
        assertArrayEquals(new double[] {3}, first.join(), 0);
    }

    private interface Introduction {
        void write(DataOutputStream out) throws Exception;
    }

    private static void assertRefused(InetSocketAddress address, Introduction introduction) throws Exception {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            int answer;
            try { // the refusal may come before the last word is said: then the writing breaks
                introduction.write(new DataOutputStream(socket.getOutputStream()));
                socket.shutdownOutput();
                answer = socket.getInputStream().read();
            } catch (java.net.SocketException reset) {
                answer = -1;
            }
            assertEquals(-1, answer, "no word for a stranger");
        }
    }
}
