package org.xecomla.config.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.errors.ConfigException;

class RopeFrequenciesTest {
    private static final double THETA = 500000;

    @Test
    void plainFrequenciesFallFromOneByPowersOfTheta() {
        RopeFrequencies plain = RopeFrequencies.of(8, 10000, RopeScaling.NONE);
        assertEquals(1, plain.attentionFactor());
        for (int j = 0; j < 4; j++) {
            assertEquals(Math.pow(10, -j), plain.inverse().get(j), 1e-15);
        }
        RopeFrequencies linear = RopeFrequencies.of(8, 10000, new RopeScaling.Linear(4));
        assertEquals(0.025, linear.inverse().get(1), 1e-15);
    }

    @Test
    void llama3KeepsShortWavesAndDividesLongOnes() {
        RopeScaling scaling = new RopeScaling.Llama3(32, 1, 4, 8192);
        List<Double> plain = RopeFrequencies.of(64, THETA, RopeScaling.NONE).inverse();
        List<Double> scaled = RopeFrequencies.of(64, THETA, scaling).inverse();
        assertEquals(plain.get(0), scaled.get(0));
        assertEquals(plain.get(31) / 32, scaled.get(31), 1e-18);
        for (int j = 0; j < 32; j++) {
            double ratio = plain.get(j) / scaled.get(j);
            double turns = 8192 * plain.get(j) / (2 * Math.PI);
            assertEquals(turns > 4 ? 1 : turns < 1 ? 32 : 1 / ((turns - 1) / 3 * 31 / 32 + 1.0 / 32), ratio, 1e-9);
        }
    }

    /** The ramps that are known of Llama 3.2 with X-EcoMLA's rope dimensions: first and last plane that it changes. */
    @ParameterizedTest
    @CsvSource({"32,8192,4,9", "32,4096,3,8", "64,8192,9,18", "64,4096,7,16"})
    void yarnRampsBetweenTheKnownPlanes(int dim, int original, int low, int high) {
        RopeScaling yarn = new RopeScaling.Yarn(32, original, 32, 1, 1, 0);
        RopeFrequencies scaled = RopeFrequencies.of(dim, THETA, yarn);
        List<Double> plain = RopeFrequencies.of(dim, THETA, RopeScaling.NONE).inverse();
        assertEquals(1.34657, scaled.attentionFactor(), 1e-5);
        for (int j = 0; j < dim / 2; j++) {
            double kept = 1 - Math.min(1, Math.max(0, (j - low) / (double) (high - low)));
            assertEquals(
                    plain.get(j) * (kept + (1 - kept) / 32), scaled.inverse().get(j), 1e-12);
        }
    }

    @Test
    void explicitFrequenciesAreTakenAsTheyAre() {
        RopeScaling explicit = new RopeScaling.Explicit(List.of(1.0, 0.25));
        assertEquals(List.of(1.0, 0.25), RopeFrequencies.of(4, 10000, explicit).inverse());
        ConfigException e = assertThrows(ConfigException.class, () -> RopeFrequencies.of(8, 10000, explicit));
        assertEquals("2 explicit rope frequencies for a rope dimension of 8: give 4", e.getMessage());
    }
}
