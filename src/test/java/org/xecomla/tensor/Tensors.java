package org.xecomla.tensor;

import org.xecomla.tensor.memory.Nd4jMemory;

/** Tensors and stores of a test's own, in the machine's memory. */
public final class Tensors {
    public static final Memory MEMORY = Nd4jMemory.INSTANCE;

    private Tensors() {}

    public static Tensor zeros(ElementType type, int rows, int cols) {
        return MEMORY.zeros(type, rows, cols);
    }

    public static Tensor of(ElementType type, int rows, int cols, double... values) {
        return MEMORY.of(type, rows, cols, values);
    }

    public static ParameterStore zeros(ParameterLayout layout, ElementType type) {
        return ParameterStore.zeros(layout, MEMORY, type);
    }

    public static ParameterStore zerosOfTrainable(ParameterLayout layout, ElementType type) {
        return ParameterStore.zerosOfTrainable(layout, MEMORY, type);
    }
}
