package org.xecomla.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.tensor.memory.HostStorage;
import org.xecomla.tensor.memory.NdArrays;

/** Views over off-heap memory: what one view writes, the others and ND4J read. */
class TensorTest {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void viewsShareMemory(ElementType type) {
        Tensor whole = Tensors.of(type, 3, 4, 0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23); // (3, 4)
        Tensor view = whole.rows(1, 3).cols(1, 3); // (2, 2)

        assertArrayEquals(new double[] {11, 12, 21, 22}, view.toDoubles());
        view.write(1, 2, 3, 4);
        view.set(1, 1, 44);
        assertArrayEquals(new double[] {0, 1, 2, 3, 10, 1, 2, 13, 20, 3, 44, 23}, whole.toDoubles());
        assertEquals(44, view.get(1, 1));

        float[] floats = new float[6];
        view.read(floats, 1);
        assertArrayEquals(new float[] {0, 1, 2, 3, 44, 0}, floats);
        view.write(new float[] {-1, 5, 6, 7, 8}, 1);
        assertArrayEquals(new double[] {0, 1, 2, 3, 10, 5, 6, 13, 20, 7, 8, 23}, whole.toDoubles());
        whole.storage().close();
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void nd4jSeesTheSameMemory(ElementType type) {
        Tensor whole = Tensors.of(type, 3, 4, 0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23); // (3, 4)
        Tensor view = whole.rows(1, 3).cols(1, 3); // (2, 2)

        assertArrayEquals(
                new double[] {11, 12, 21, 22}, NdArrays.of(view).dup('c').data().asDouble());
        NdArrays.of(view).addi(100);
        assertArrayEquals(new double[] {0, 1, 2, 3, 10, 111, 112, 13, 20, 121, 122, 23}, whole.toDoubles());
        view.set(0, 0, 7);
        assertEquals(7, NdArrays.of(view).getDouble(0, 0));
        assertEquals(7, NdArrays.of(whole).getDouble(1, 1));
        whole.storage().close();
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void windowsAndAddressesPointIntoTheStorage(ElementType type) {
        Tensor t = Tensors.of(type, 2, 3, 0, 1, 2, 3, 4, 5); // (2, 3)
        var window = HostStorage.of(t).window(2, 3);
        assertEquals(3 * type.width(), window.capacity());
        assertEquals(3, type == ElementType.DOUBLE ? window.getDouble(8) : window.getFloat(4));
        assertEquals(
                2L * type.width(),
                HostStorage.of(t).address(2) - HostStorage.of(t).address(0));
        assertThrows(IllegalArgumentException.class, () -> HostStorage.of(t).window(4, 3));
        t.storage().close();
        assertThrows(RuntimeException.class, () -> t.get(0, 0));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void aStoreKeepsFrozenParametersInTheirOwnSegment(ElementType type) {
        ParameterLayout layout = ParameterLayout.of(List.of(
                new ParameterLayout.Spec("a", 2, 3, true),
                new ParameterLayout.Spec("frozen", 1, 2, false),
                new ParameterLayout.Spec("b", 1, 5, true)));
        ParameterStore store = Tensors.zeros(layout, type);
        store.get("a").set(1, 2, 6);
        store.get("b").set(0, 0, 7);
        store.get("frozen").set(0, 1, 8);
        assertArrayEquals(
                new double[] {0, 0, 0, 0, 0, 6, 7, 0, 0, 0, 0},
                store.segments().get(0).toDoubles());
        assertArrayEquals(new double[] {0, 8}, store.segments().get(1).toDoubles());
        assertEquals(11, layout.numTrainableParameters());

        ParameterStore gradients = Tensors.zerosOfTrainable(layout, type);
        assertEquals(1, gradients.segments().size());
        assertNull(gradients.get("frozen"));
        assertEquals(5, gradients.get("b").cols());
        store.close();
        gradients.close();
    }

    @Test
    void parametersNeverStraddleSegments() {
        ParameterLayout layout = ParameterLayout.of(List.of(
                new ParameterLayout.Spec("big", 1 << 14, 1 << 14, true), // fills a segment
                new ParameterLayout.Spec("small", 1, 3, true),
                new ParameterLayout.Spec("bigger", (1 << 14) + 1, 1 << 14, true)));
        assertEquals(List.of(1L << 28, 3L, (1L << 28) + (1 << 14)), layout.segmentLengths());
        assertEquals(3, layout.numTrainableSegments());
        assertEquals(1, layout.places().get("small").segment());
        assertEquals(0, layout.places().get("bigger").offset());
    }

    @Test
    void theArenaReusesWhatWasReleasedAndSizesADryRun() {
        Arena sizing = Arena.sizing(ElementType.FLOAT);
        Arena real = Arena.of(new NaiveKernels(ElementType.FLOAT), 256 * 4);
        for (Arena arena : List.of(sizing, real)) {
            arena.matrix(3, 21); // 63 elements, rounded to 256 bytes
            long mark = arena.mark();
            assertEquals(256, mark);
            arena.matrix(1, 65);
            arena.release(mark);
            assertEquals(64, arena.matrix(5, 1).offset());
            arena.matrix(1, 64);
            assertEquals(768, arena.peakBytes());
        }
        assertThrows(IllegalStateException.class, () -> real.matrix(1, 65));
        real.close();
    }
}
