package org.xecomla.spark.leg;

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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.averaging.RingGroup;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.AveragingConfig.Precision;
import org.xecomla.config.AveragingConfig.Transport;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.spark.driver.ModelTasks;
import org.xecomla.spark.driver.Progress;
import org.xecomla.spark.driver.ProgressAccumulator;
import org.xecomla.spark.driver.ProgressListener;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

@Tag("spark")
class BarrierLegTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static JavaSparkContext spark;
    private static ModelTasks modelTasks;

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(new SparkConf()
                .setMaster("local[5]")
                .setAppName("BarrierLegTest")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.heartbeatInterval", "200ms"));
        modelTasks = new ModelTasks(spark, RunConfig.ofOverrides(Map.of()));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static AveragingConfig config(Transport transport) {
        return config(transport, Precision.FP32);
    }

    private static AveragingConfig config(Transport transport, Precision precision) {
        return new AveragingConfig(transport, AveragingConfig.What.WEIGHTS, precision, TIMEOUT, TIMEOUT);
    }

    @ParameterizedTest
    @EnumSource
    void theTasksOfALegMeet(Transport transport) {
        List<double[]> sums = BarrierLeg.run(
                modelTasks,
                RingGroup.create("test", 1, 3),
                config(transport),
                averaging -> averaging.allReduce(averaging.rank(), averaging.numReplicas()));
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
            segments.add(Tensors.of(ElementType.FLOAT, 1, length, values));
        }
        return segments;
    }

    private static List<float[]> averages(Transport transport, Precision precision, int numReplicas) {
        return BarrierLeg.run(
                modelTasks, RingGroup.create("test", 1, numReplicas), config(transport, precision), averaging -> {
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
    @CsvSource({"2, FP32, 1e-6", "3, FP32, 1e-6", "5, FP32, 1e-6", "3, BF16, 1e-2"})
    void bothTransportsGiveTheSameAverage(int numReplicas, Precision precision, float tolerance) {
        List<float[]> ring = averages(Transport.RING, precision, numReplicas);
        List<float[]> blocks = averages(Transport.DRIVER, precision, numReplicas);
        for (int rank = 0; rank < numReplicas; rank++) {
            assertArrayEquals(ring.get(0), ring.get(rank), 0);
            assertArrayEquals(blocks.get(0), blocks.get(rank), 0);
            assertArrayEquals(ring.get(rank), blocks.get(rank), tolerance);
        }
    }

    /** Hangs where no interrupt reaches it, as native code may; the leg ends all the same. */
    @Test
    void aReplicaThatHangsIsGivenUp() {
        AveragingConfig impatient = new AveragingConfig(
                Transport.RING, AveragingConfig.What.WEIGHTS, Precision.FP32, Duration.ofSeconds(2), TIMEOUT);
        long released = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        Exception e = assertThrows(
                IllegalStateException.class,
                () -> BarrierLeg.run(modelTasks, RingGroup.create("test", 1, 2), impatient, averaging -> {
                    while (averaging.rank() == 1 && System.nanoTime() < released) {
                        Thread.onSpinWait();
                    }
                    return averaging.allReduce(1);
                }));
        assertEquals("replica 0 has waited 2 s in vain for replica 1", e.getMessage());
        assertTrue(System.nanoTime() < released, "the leg has not waited for the hanging replica");
    }

    private static Exception failWith(RuntimeException reason, Transport transport) {
        long start = System.nanoTime();
        Exception e = assertThrows(
                RuntimeException.class,
                () -> BarrierLeg.run(modelTasks, RingGroup.create("test", 1, 2), config(transport), averaging -> {
                    if (averaging.rank() == 1) {
                        throw reason;
                    }
                    return averaging.allReduce(1);
                }));
        assertTrue(
                System.nanoTime() - start < TIMEOUT.toNanos() / 2, "the other replica does not wait for its time-out");
        return e;
    }

    @ParameterizedTest
    @EnumSource
    void oneFailureEndsTheLegAndIsItsReason(Transport transport) {
        Exception e = failWith(new IllegalArgumentException("the reason"), transport);
        assertEquals("replica 1 failed: java.lang.IllegalArgumentException: the reason", e.getMessage());
    }

    @Test
    void whatTheUserMustMendArrivesAsItIs() {
        Exception e = failWith(new UserException("the file F is broken: mend it"), Transport.RING);
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
                () -> BarrierLeg.run(modelTasks, RingGroup.create("test", 1, 1), config(Transport.RING), averaging -> {
                    for (int step = 1; step <= 1000; step++) {
                        accumulator.add(new Progress(step, 100, step * 10L, 1.0 / step, System.currentTimeMillis()));
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
