package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RankConfig.CareRule;
import org.xecomla.upcycle.lowrank.RankAllocation;

class RankAllocationTest {
    private static final List<Double> DEEP = List.of(30.0, 24.0, 19.0, 15.0, 10.0, 5.0);

    /** From one element a matrix to full rank. */
    @ParameterizedTest
    @ValueSource(ints = {6, 7, 20, 48, 75, 94, 95, 96})
    void lorcSpendsTheBudgetAndFallsWithDepth(int total) {
        int[] ranks = RankAllocation.lorc(DEEP, 16, total, 1);
        assertEquals(total, Arrays.stream(ranks).sum());
        for (int l = 0; l < ranks.length; l++) {
            assertTrue(ranks[l] >= 1 && ranks[l] <= 16, Arrays.toString(ranks));
            assertTrue(l == 0 || ranks[l] <= ranks[l - 1], Arrays.toString(ranks));
        }
    }

    @Test
    void lorcOfEqualConditionsIsUniformButForWhatRoundingLeaves() {
        assertArrayEquals(new int[] {6, 5, 5}, RankAllocation.lorc(List.of(4.0, 4.0, 4.0), 16, 16, 1));
    }

    @Test
    void careFollowsTheEnergyThatIsLacking() {
        List<double[]> energies = List.of(new double[] {8, 1, 1, 1}, new double[] {8, 7, 1, 1});
        assertArrayEquals(new int[] {1, 2}, RankAllocation.care(energies, 3, 1, 4, CareRule.PAPER));
        assertArrayEquals(new int[] {2, 3}, RankAllocation.care(energies, 5, 1, 3, CareRule.PAPER));
    }

    /** Alike otherwise: 3/6 (3/2)^(1/2), then 2/3 (3/2)^(1/2) / 2^(1/2), are more than the second layer's 3/6. */
    @Test
    void caresCodeFavoursEarlyLayers() {
        double[] same = {4, 3, 2, 1};
        assertArrayEquals(new int[] {3, 1, 1}, RankAllocation.care(List.of(same, same, same), 5, 1, 4, CareRule.CODE));
    }

    @ParameterizedTest
    @EnumSource(CareRule.class)
    void noMatrixGetsMoreThanItHasOrMay(CareRule rule) {
        List<double[]> energies = List.of(new double[] {1, 1}, new double[] {0, 0, 0}, new double[] {9, 1, 1, 1, 1});
        int[] ranks = RankAllocation.care(energies, 40, 1, 4, rule);
        assertArrayEquals(new int[] {2, 3, 4}, ranks);
    }

    @Test
    void aBudgetBelowTheLeastIsNone() {
        assertThrows(IllegalArgumentException.class, () -> RankAllocation.lorc(DEEP, 16, 5, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> RankAllocation.care(List.of(new double[] {1}), 1, 2, 4, CareRule.CODE));
    }
}
