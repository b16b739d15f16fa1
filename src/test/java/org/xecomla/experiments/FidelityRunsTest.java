package org.xecomla.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FidelityRunsTest {
    /** A window of which nothing is left to learn has a gradient of 0; tiny ones have the angles of large ones. */
    @Test
    void anglesAreNumbers() {
        float[] zero = {0, 0};
        float[] tiny = {1e-30f, 0};
        assertEquals(0, FidelityRuns.angle(zero, zero));
        assertEquals(90, FidelityRuns.angle(zero, tiny));
        assertEquals(45, FidelityRuns.angle(tiny, new float[] {1e-30f, 1e-30f}), 1e-6);
    }
}
