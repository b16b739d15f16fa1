package org.xecomla.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KlByPositionTest {
    private static final int TRAINED = 8;

    /** Two windows, the second of which diverges by a third of the first at every position. */
    private static KlByPosition of(IntToDoubleFunction kl) {
        List<EvalDetails.Sums> positions = IntStream.range(0, 2 * TRAINED)
                .mapToObj(t -> new EvalDetails.Sums(0, 2, 4.0 / 3 * kl.applyAsDouble(t), 0, 2))
                .toList();
        return KlByPosition.of(new EvalDetails(positions, List.of(), false), TRAINED);
    }

    @Test
    void blocksAreMeansOverPositionsAndWindows() {
        KlByPosition found = of(t -> t);
        assertEquals(8, found.blocks().size());
        for (int b = 0; b < 8; b++) {
            KlByPosition.Block block = found.blocks().get(b);
            assertEquals(2 * b, block.from());
            assertEquals(2 * b + 2, block.to());
            assertEquals(2.0 / 3 * (2 * b + 0.5), block.kl(), 1e-12);
        }
        assertEquals(8, found.json().at("/kl_by_position/trained_length").asInt());
        assertEquals(
                2.0 / 3 * 14.5,
                found.json().at("/kl_by_position/blocks/7/kl_to_teacher").asDouble(),
                1e-12);
    }

    @Test
    void aRiseBeyondTheTrainingIsWarnedOf() {
        String warning = of(t -> t < 12 ? 0.3 : 0.9).warning().orElseThrow();
        assertTrue(
                warning.contains("beyond the 8 tokens")
                        && warning.contains("0.2000 at the end of it, 0.6000 at positions 12 to 14"),
                warning);
    }

    /** A first block that is far off, where contexts are short, says nothing of what comes beyond. */
    @Test
    void aLevelOrFallingDivergenceIsNot() {
        assertTrue(of(t -> 0.3).warning().isEmpty());
        assertTrue(of(t -> 1.0 / (t + 1)).warning().isEmpty());
        assertTrue(of(t -> t < 8 ? 0.30 : 0.36).warning().isEmpty());
        assertFalse(of(t -> t < 8 ? 0.30 : 0.38).warning().isEmpty());
    }

    @Test
    void aDivergenceThatIsNoNumberIsWarnedOf() {
        assertFalse(of(t -> t < 8 ? 0.30 : Double.NaN).warning().isEmpty());
    }
}
