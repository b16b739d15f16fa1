package org.xecomla.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.xecomla.errors.ConfigException;

class BenchShapeTest {
    @Test
    void namedShapesAndNumbersAreTheSame() {
        BenchShape medium = BenchShape.of("m");
        assertEquals("512,4,8,4,1536,8192,512,4", medium.numbers());
        assertEquals(
                medium.config(BenchShape.Model.MLA),
                BenchShape.of(medium.numbers()).config(BenchShape.Model.MLA));
    }

    @Test
    void countsTwoOperationsForEveryWeightAndEveryVisiblePair() {
        BenchShape shape = BenchShape.of("8,3,2,1,20,50,5,7");
        int weights = 3 * (8 * 8 + 2 * 4 * 8 + 8 * 8 + 3 * 8 * 20) + 50 * 8; // q, k and v, o, feed-forward; head
        int pairs = 3 * 7 * 2 * (5 * 6 / 2); // layers, sequences, heads, queries and the keys they see
        assertEquals(2.0 * weights * 35 + 2.0 * pairs * (4 + 4), shape.forwardFlops(BenchShape.Model.GQA));
    }

    @Test
    void refusesWhatIsNoShape() {
        ConfigException e = assertThrows(ConfigException.class, () -> BenchShape.of("512,4"));
        assertTrue(e.getMessage().contains("512,4: one of L, M, S"), e.getMessage());
        assertThrows(ConfigException.class, () -> BenchShape.of("10,3,4,1,20,50,5,7"));
    }
}
