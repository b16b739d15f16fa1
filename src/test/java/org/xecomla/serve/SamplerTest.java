package org.xecomla.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final double[] LOGITS = {Math.log(1), Math.log(6), Math.log(3), Double.NEGATIVE_INFINITY};

    @Test
    void greedyPicksTheMostProbableAndOfEqualsTheFirst() {
        assertEquals(1, Sampler.greedy().pick(LOGITS));
        assertEquals(2, Sampler.greedy().pick(new double[] {0, 1, 5, 5}));
        assertEquals(1, Sampler.of(0, 1, 3).pick(LOGITS));
    }

    @Test
    void drawsFollowTheDistribution() {
        assertShares(1, 0.1, 0.6, 0.3);
        assertShares(0.5, 1 / 46.0, 36 / 46.0, 9 / 46.0);
    }

    @Test
    void theNucleusIsTheFewestTokensThatHaveItsShare() {
        assertShares(Sampler.of(1, 0.85, 11), 0, 6 / 9.0, 3 / 9.0);
        assertShares(Sampler.of(1, 0.59, 11), 0, 1, 0);
        assertShares(Sampler.of(1, 0.901, 11), 0.1, 0.6, 0.3);
        assertThrows(IllegalArgumentException.class, () -> Sampler.of(1, 0, 0));
    }

    private static void assertShares(double temperature, double... expected) {
        assertShares(Sampler.of(temperature, 1, 11), expected);
    }

    private static void assertShares(Sampler sampler, double... expected) {
        int numDraws = 20_000;
        int[] counts = new int[LOGITS.length];
        for (int i = 0; i < numDraws; i++) {
            counts[sampler.pick(LOGITS)]++;
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], (double) counts[i] / numDraws, 0.015);
        }
        assertEquals(0, counts[3]);
    }

    @Test
    void aSeedRepeatsItsDraws() {
        Sampler first = Sampler.of(1, 1, 5);
        Sampler second = Sampler.of(1, 1, 5);
        for (int i = 0; i < 100; i++) {
            assertEquals(first.pick(LOGITS), second.pick(LOGITS));
        }
    }

    @Test
    void aNegativeTemperatureIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Sampler.of(-1, 1, 0));
    }
}
