package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BatchSliceTest {
    @Test
    void slicesOfAStepAreWhatOneReplicaSees() {
        for (int batch : new int[] {1, 2, 7, 12, 96}) {
            for (int numReplicas = 1; numReplicas <= Math.min(batch, 9); numReplicas++) {
                for (long cursor : new long[] {0, 96, 1_000_000_007L}) {
                    int p = numReplicas;
                    long[] together = IntStream.range(0, p)
                            .mapToObj(rank -> new BatchSlice(batch, p, rank).samples(cursor))
                            .flatMapToLong(LongStream::of)
                            .toArray();
                    assertArrayEquals(BatchSlice.whole(batch).samples(cursor), together, batch + " over " + p);
                }
            }
        }
    }

    @Test
    void slicesDifferByAtMostOneAndSharesSumToOne() {
        for (int numReplicas = 1; numReplicas <= 12; numReplicas++) {
            int p = numReplicas;
            int[] sizes = IntStream.range(0, p)
                    .map(rank -> new BatchSlice(12, p, rank).numSequences())
                    .toArray();
            assertTrue(IntStream.of(sizes).max().orElseThrow()
                            - IntStream.of(sizes).min().orElseThrow()
                    <= 1);
            double shares = IntStream.range(0, p)
                    .mapToDouble(rank -> new BatchSlice(12, p, rank).share())
                    .sum();
            assertEquals(1, shares, 1e-15);
        }
    }

    @Test
    void everyReplicaNeedsASequence() {
        assertThrows(IllegalArgumentException.class, () -> new BatchSlice(2, 3, 0));
        assertThrows(IllegalArgumentException.class, () -> new BatchSlice(4, 2, 2));
    }
}
