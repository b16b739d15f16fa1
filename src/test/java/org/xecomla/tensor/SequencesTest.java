package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SequencesTest {
    @Test
    void positionsCountFromTheStartOfEachDocument() {
        Sequences packed = Sequences.of(2, new int[] {0, 0, 2, 2, 0, 1, 1, 3});
        assertArrayEquals(new int[] {0, 1, 0, 1, 0, 0, 1, 0}, packed.positions().toArray());
        assertArrayEquals(new int[] {0, 1, 1, 3}, packed.firstKeys(1));
        assertArrayEquals(new int[] {0, 0, 1, 0}, packed.only(1).positions().toArray());
        assertEquals(1, packed.only(1).numSequences());
    }

    /** Two new queries at the end of five keys: the first is at place 3. */
    @Test
    void queriesAreTheLastOfTheirKeys() {
        Sequences decoding = new Sequences(1, 2, 5, new int[] {0, 2});
        assertEquals(3, decoding.lastKey(0));
        assertArrayEquals(new int[] {3, 2}, decoding.positions().toArray());
    }

    @Test
    void whatNoQueryCanSeeIsRefused() {
        int[][] impossible = {{0, 2, 2}, {0, 1, 0}, {-1, 0, 0}}; // ahead, falling, before the sequence
        for (int[] starts : impossible) {
            assertThrows(IllegalArgumentException.class, () -> Sequences.of(1, starts));
        }
        assertThrows(IllegalArgumentException.class, () -> Sequences.of(2, 3));
        assertThrows(IllegalArgumentException.class, () -> Sequences.of(0, new int[0]));
        assertThrows(IllegalArgumentException.class, () -> new Sequences(1, 3, 2, new int[3]));
    }

    /** Who hands in an array may go on using it. */
    @Test
    void nothingChangesAfterwards() {
        int[] starts = {0, 0};
        Sequences sequences = Sequences.of(1, starts);
        starts[1] = 1;
        sequences.firstKeys(0)[1] = 1;
        sequences.positions().toArray()[1] = 7;
        assertEquals(0, sequences.firstKey(0, 1));
        assertEquals(1, sequences.positions().get(1));
    }
}
