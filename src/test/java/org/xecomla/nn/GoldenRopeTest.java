package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensors;

/** Rope frequencies of PyTorch, and the table made of them. */
class GoldenRopeTest {
    private final SafetensorsFile expected = Goldens.expected("rope");

    private void check(String name, RopeFrequencies actual) {
        double[] inverse = expected.readDoubles(name);
        assertEquals(inverse.length, actual.inverse().size());
        for (int j = 0; j < inverse.length; j++) {
            double error = Goldens.relativeError(actual.inverse().get(j), inverse[j]);
            assertTrue(error < 1e-13, name + " plane " + j + " differs by " + error);
        }
    }

    @Test
    void frequencies() {
        check("default_64_theta10000", RopeFrequencies.of(64, 1e4, RopeScaling.NONE));
        RopeScaling llama3 = new RopeScaling.Llama3(32, 1, 4, 8192);
        check("llama3_64_theta500000_factor32", RopeFrequencies.of(64, 5e5, llama3));
        RopeFrequencies yarn = RopeFrequencies.of(32, 5e5, new RopeScaling.Yarn(32, 8192, 32, 1, 1, 0));
        check("yarn_32_theta500000_factor32_orig8192", yarn);
        assertEquals(expected.readDoubles("yarn_32_attention_factor")[0], yarn.attentionFactor(), 1e-14);
    }

    @Test
    void tableHoldsTheAnglesOfEveryPosition() {
        RopeFrequencies frequencies = new RopeFrequencies(List.of(1.0, 0.25, 0.5), 1.5);
        try (RopeTable table = RopeTable.of(frequencies, 5, Tensors.MEMORY, ElementType.DOUBLE)) {
            for (int t = 0; t < 5; t++) {
                for (int j = 0; j < 3; j++) {
                    double angle = t * frequencies.inverse().get(j);
                    assertEquals(1.5 * Math.cos(angle), table.cos().get(t, j), 1e-15);
                    assertEquals(1.5 * Math.sin(angle), table.sin().get(t, j), 1e-15);
                }
            }
        }
    }
}
