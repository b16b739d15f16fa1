package org.xecomla.nn.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class SoftLabelsTest {
    @Test
    void denseRowsFollowEachOther() {
        SoftLabels.Dense a = new SoftLabels.Dense(1, 2, new float[] {0.25f, 0.75f});
        SoftLabels.Dense b = new SoftLabels.Dense(2, 2, new float[] {1, 0, 0.5f, 0.5f});
        SoftLabels.Dense all = (SoftLabels.Dense) SoftLabels.concat(List.of(a, b));
        assertEquals(3, all.numRows());
        assertArrayEquals(new float[] {0.25f, 0.75f, 1, 0, 0.5f, 0.5f}, all.probabilities());
        assertArrayEquals(b.probabilities(), all.rows(1, 3).probabilities());
    }

    @Test
    void narrowRowsAreFilledUp() {
        SoftLabels.TopK a = new SoftLabels.TopK(1, 1, new int[] {4}, new float[] {0.5f}, new float[] {0.5f});
        SoftLabels.TopK b = new SoftLabels.TopK(1, 2, new int[] {1, 2}, new float[] {0.6f, 0.3f}, new float[] {0.1f});
        SoftLabels.TopK all = (SoftLabels.TopK) SoftLabels.concat(List.of(a, b));
        assertArrayEquals(new int[] {4, -1, 1, 2}, all.ids());
        assertArrayEquals(new float[] {0.5f, 0, 0.6f, 0.3f}, all.probabilities());
        assertArrayEquals(new float[] {0.5f, 0.1f}, all.tail());

        SoftLabels.Sampled c = new SoftLabels.Sampled(1, 1, new int[] {7}, new float[] {1});
        SoftLabels.Sampled d = new SoftLabels.Sampled(1, 2, new int[] {3, 5}, new float[] {0.5f, 0.5f});
        SoftLabels.Sampled draws = (SoftLabels.Sampled) SoftLabels.concat(List.of(d, c));
        assertArrayEquals(new int[] {3, 5, 7, -1}, draws.ids());
        assertArrayEquals(new float[] {0.5f, 0.5f, 1, 0}, draws.weights());
    }
}
