package org.xecomla.tensor.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

class HostStorageTest {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void aWindowsFirstElementIsTheOneAskedFor(ElementType type) {
        Tensor t = Tensors.of(type, 1, 6, 0, 1, 2, 3, 4, 5);
        assertEquals(3 * type.width(), HostStorage.of(t).window(2, 3).capacity());
        assertArrayEquals(new double[] {2, 3}, t.cols(2, 4).toDoubles());
        assertArrayEquals(new float[] {4, 5}, t.cols(4, 6).toFloats());
        t.cols(2, 4).write(7, 8);
        t.cols(4, 5).write(new float[] {9}, 0);
        assertArrayEquals(new double[] {0, 1, 7, 8, 9, 5}, t.toDoubles());
    }

    /** Windows start every half GiB: what lies behind the first must not be seen in it. */
    @Test
    void largeStorageIsSeenWhereItLies() {
        int half = 1 << 27; // floats in half a GiB
        Tensor t = Tensors.zeros(ElementType.FLOAT, 1, half + 100);
        try (HostStorage storage = HostStorage.of(t)) {
            t.cols(half - 1, half + 2).write(1, 2, 3);
            t.cols(half + 99, half + 100).write(4);
            assertArrayEquals(new double[3], t.cols(0, 3).toDoubles());
            assertArrayEquals(
                    new double[] {1, 2, 3, 0}, t.cols(half - 1, half + 3).toDoubles());
            for (int at : new int[] {0, 1, 99, half - 1, half, half + 1, half + 99}) {
                float there = storage.array().getFloat(at); // by ND4J's own pointer
                assertEquals(there, storage.window(at, 1).getFloat(0), 0, () -> "element " + at);
            }
            assertEquals(4, storage.array().getFloat(half + 99));
        }
    }
}
