package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ReplicasConfig.Averaging;
import org.xecomla.config.RunConfig;
import org.xecomla.config.UserException;
import org.xecomla.tensor.Tensor;

@Tag("spark")
class BarrierLegTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static JavaSparkContext spark;
    private static ModelTasks modelTasks;

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(new SparkConf()
                .setMaster("local[3]")
                .setAppName("BarrierLegTest")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.heartbeatInterval", "200ms"));
        modelTasks = new ModelTasks(spark, RunConfig.ofOverrides(Map.of()));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @ParameterizedTest
    @EnumSource
    void theTasksOfALegMeet(Averaging transport) {
        List<double[]> sums = BarrierLeg.run(
                modelTasks,
                RingGroup.create("test", 1, 3),
                transport,
                TIMEOUT,
                averaging -> averaging.sum(averaging.rank(), averaging.numReplicas()));
        assertEquals(3, sums.size());
        for (double[] sum : sums) {
            assertArrayEquals(new double[] {3, 9}, sum, 0);
        }
    }

    /** Weights of member {@code rank}, in segments that do not divide by three. */
    private static List<Tensor> segments(int rank) {
        List<Tensor> segments = new ArrayList<>();
        for (int length : new int[] {1, 2, 1000, 5_000_011}) {
            double[] values = new Random(rank + length).doubles(length, -1, 1).toArray();
            segments.add(Tensor.of(DataType.FLOAT, 1, length, values));
        }
        return segments;
    }

    private static List<float[]> averages(Averaging transport, int numReplicas) {
        return BarrierLeg.run(modelTasks, RingGroup.create("test", 1, numReplicas), transport, TIMEOUT, averaging -> {
            List<Tensor> segments = segments(averaging.rank());
            for (int round = 0; round < 3; round++) {
                averaging.average(segments, 1.0 / averaging.numReplicas());
            }
            float[] all = new float[5_001_014];
            int at = 0;
            for (Tensor segment : segments) {
                segment.read(all, at);
                at += segment.cols();
            }
            return all;
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void bothTransportsGiveTheSameAverage(int numReplicas) {
        List<float[]> ring = averages(Averaging.RING, numReplicas);
        List<float[]> blocks = averages(Averaging.DRIVER, numReplicas);
        for (int rank = 0; rank < numReplicas; rank++) {
            assertArrayEquals(ring.get(0), ring.get(rank), 0);
            assertArrayEquals(blocks.get(0), blocks.get(rank), 0);
            assertArrayEquals(ring.get(rank), blocks.get(rank), 1e-6f);
        }
    }

    private static Exception failWith(RuntimeException reason, Averaging transport) {
        long start = System.nanoTime();
        Exception e = assertThrows(
                RuntimeException.class,
                () -> BarrierLeg.run(modelTasks, RingGroup.create("test", 1, 2), transport, TIMEOUT, averaging -> {
                    if (averaging.rank() == 1) {
                        throw reason;
                    }
                    return averaging.sum(1);
                }));
        assertTrue(
                System.nanoTime() - start < TIMEOUT.toNanos() / 2, "the other replica does not wait for its time-out");
        return e;
    }

    @ParameterizedTest
    @EnumSource
    void oneFailureEndsTheLegAndIsItsReason(Averaging transport) {
        Exception e = failWith(new IllegalArgumentException("the reason"), transport);
        assertEquals("replica 1 failed: java.lang.IllegalArgumentException: the reason", e.getMessage());
    }

    @Test
    void whatTheUserMustMendArrivesAsItIs() {
        Exception e = failWith(new UserException("the file F is broken: mend it"), Averaging.RING);
        assertInstanceOf(UserException.class, e);
        assertEquals("the file F is broken: mend it", e.getMessage());
    }

    @Test
    void progressReachesTheDriverWhileTheLegRuns() throws Exception {
        BlockingQueue<Progress> seen = new LinkedBlockingQueue<>();
        ProgressListener listener = new ProgressListener(seen::add);
        ProgressAccumulator accumulator = new ProgressAccumulator();
        spark.sc().register(accumulator, ProgressAccumulator.NAME);
        spark.sc().addSparkListener(listener);
        Thread leg = new Thread(
                () -> BarrierLeg.run(modelTasks, RingGroup.create("test", 1, 1), Averaging.RING, TIMEOUT, averaging -> {
                    for (int step = 1; step <= 1000; step++) {
                        accumulator.add(new Progress(step, step * 10L, 1.0 / step, System.currentTimeMillis()));
                        Thread.sleep(5);
                    }
                    return true;
                }));
        leg.start();
        Progress first = seen.poll(30, TimeUnit.SECONDS);
        Progress second = seen.poll(30, TimeUnit.SECONDS);
        assertTrue(leg.isAlive(), "the leg is still running");
        assertTrue(0 < first.step() && first.step() < second.step());
        assertEquals(first.step() * 10, first.tokens());
        leg.join();
        spark.sc().removeSparkListener(listener);
        assertEquals(1000, accumulator.value().step());
    }
}
