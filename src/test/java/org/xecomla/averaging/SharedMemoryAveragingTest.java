package org.xecomla.averaging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;
import org.xecomla.train.BatchSlice;
import org.xecomla.train.Replicas;

class SharedMemoryAveragingTest {
    private static double[] random(int seed, int n) {
        return new Random(seed).doubles(n, -1, 1).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void meanIsWeightedAndTheSameEverywhere(int numReplicas) throws Exception {
        int[] lengths = {1, 7, 40_001};
        List<List<double[]>> results = Replicas.run(numReplicas, averaging -> {
            int rank = averaging.rank();
            List<Tensor> segments = List.of(
                    Tensors.of(ElementType.DOUBLE, 1, lengths[0], random(rank, lengths[0])),
                    Tensors.of(ElementType.DOUBLE, 1, lengths[1], random(rank, lengths[1])),
                    Tensors.of(ElementType.DOUBLE, 1, lengths[2], random(rank, lengths[2])));
            averaging.average(segments, new BatchSlice(12, numReplicas, rank).share());
            return segments.stream().map(Tensor::toDoubles).toList();
        });
        for (int s = 0; s < lengths.length; s++) {
            double[] expected = new double[lengths[s]];
            for (int r = 0; r < numReplicas; r++) {
                double share = new BatchSlice(12, numReplicas, r).share();
                double[] part = random(r, lengths[s]);
                for (int i = 0; i < expected.length; i++) {
                    expected[i] += share * part[i];
                }
            }
            for (List<double[]> result : results) {
                assertArrayEquals(expected, result.get(s), 1e-15);
                assertArrayEquals(results.get(0).get(s), result.get(s), 0);
            }
        }
    }

    @Test
    void equalFloatsStayAsTheyAre() throws Exception {
        double[] values = random(9, 1000);
        Tensor original = Tensors.of(ElementType.FLOAT, 1, values.length, values);
        List<float[]> results = Replicas.run(3, averaging -> {
            Tensor copy = Tensors.of(ElementType.FLOAT, 1, values.length, values);
            averaging.average(List.of(copy), 1.0 / 3);
            return copy.toFloats();
        });
        for (float[] result : results) {
            assertArrayEquals(original.toFloats(), result);
        }
    }

    @Test
    void sumsAddInTheOrderOfRanks() throws Exception {
        List<double[]> sums = Replicas.run(
                3, averaging -> averaging.allReduce(new double[] {1e16, 1, -1e16}[averaging.rank()], averaging.rank()));
        for (double[] sum : sums) {
            assertArrayEquals(new double[] {1e16 + 1 - 1e16, 3}, sum, 0);
        }
    }

    @Test
    void aReplicaThatFailsIsNotWaitedFor() {
        IllegalStateException failure = assertThrows(
                IllegalStateException.class,
                () -> Replicas.run(3, averaging -> {
                    if (averaging.rank() == 1) {
                        averaging.close();
                        return null;
                    }
                    return averaging.allReduce(1);
                }));
        assertTrue(failure.getMessage().contains("replica 1 left"), failure.getMessage());
    }

    @Test
    void aloneTheMeanIsTheValueItself() {
        try (ParameterAveraging alone = ParameterAveraging.alone()) {
            Tensor t = Tensors.of(ElementType.FLOAT, 1, 2, 0.1, 0.2);
            alone.average(List.of(t), 1);
            assertArrayEquals(new float[] {0.1f, 0.2f}, t.toFloats());
            assertArrayEquals(new double[] {5}, alone.allReduce(5));
            assertEquals(1, alone.numReplicas());
        }
    }
}
