package org.xecomla.corpus.shards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleOrderTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 16, 17, 63, 64, 65, 1000, 1023, 4097, 99_991})
    void everyEpochSeesEverySequenceOnce(int numSequences) {
        SampleOrder order = new SampleOrder(11, numSequences);
        for (int epoch = 0; epoch < 3; epoch++) {
            BitSet seen = new BitSet(numSequences);
            for (int i = 0; i < numSequences; i++) {
                seen.set((int) order.sequenceAt((long) epoch * numSequences + i));
            }
            assertEquals(numSequences, seen.cardinality(), "epoch " + epoch);
            assertEquals(numSequences, seen.length());
        }
    }

    @Test
    void seedAndEpochChangeTheOrder() {
        List<Long> first = epoch(new SampleOrder(1, 101), 0);
        assertEquals(first, epoch(new SampleOrder(1, 101), 0));
        assertNotEquals(first, epoch(new SampleOrder(1, 101), 1));
        assertNotEquals(first, epoch(new SampleOrder(2, 101), 0));
    }

    @Test
    void aRunThatChangesItsNumberOfReplicasSeesEverySequenceOnceAnEpoch() {
        int batch = 12;
        SampleOrder order = new SampleOrder(5, 240);
        List<Long> seen = new ArrayList<>();
        long cursor = 0;
        for (int replicas : new int[] {1, 2, 3, 4, 6, 5, 7, 12}) {
            for (int rank = 0; rank < replicas; rank++) {
                for (int i = batch * rank / replicas; i < batch * (rank + 1) / replicas; i++) {
                    seen.add(order.sequenceAt(cursor + i));
                }
            }
            cursor += batch;
        }
        assertEquals(LongStream.range(0, cursor).mapToObj(order::sequenceAt).toList(), seen);
        assertEquals(cursor, seen.stream().distinct().count());
    }

    @Test
    void theOrderLooksRandom() {
        int n = 20_000;
        SampleOrder order = new SampleOrder(3, n);
        double[] byTenth = new double[10];
        double neighbours = 0;
        for (int i = 0; i < n; i++) {
            byTenth[(int) (order.sequenceAt(i) * 10 / n)] += i / (double) n;
            neighbours += i > 0 && Math.abs(order.sequenceAt(i) - order.sequenceAt(i - 1)) < n / 100 ? 1 : 0;
        }
        // mean place of each tenth of the sequences is 0.5 with standard error sqrt(1 / 12 / 2000) = 0.0065
        Arrays.stream(byTenth).forEach(sum -> assertEquals(0.5, sum / (n / 10.0), 0.03));
        // 2 % of the steps are this short in a random order: 400, standard deviation 20
        assertTrue(neighbours > 280 && neighbours < 520, "short steps: " + neighbours);
    }

    private static List<Long> epoch(SampleOrder order, int epoch) {
        long first = epoch * order.numSequences();
        return LongStream.range(first, first + order.numSequences())
                .mapToObj(order::sequenceAt)
                .toList();
    }
}
