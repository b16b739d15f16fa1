package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;

class StorageTest {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void aWindowsFirstElementIsTheOneAskedFor(DataType type) {
        Tensor t = Tensor.of(type, 1, 6, 0, 1, 2, 3, 4, 5);
        assertEquals(3 * type.width(), t.storage().window(2, 3).capacity());
        assertArrayEquals(new double[] {2, 3}, t.cols(2, 4).toDoubles());
        assertArrayEquals(new float[] {4, 5}, t.cols(4, 6).toFloats());
        t.cols(2, 4).write(7, 8);
        t.cols(4, 5).write(new float[] {9}, 0);
        assertArrayEquals(new double[] {0, 1, 7, 8, 9, 5}, t.toDoubles());
    }
}
