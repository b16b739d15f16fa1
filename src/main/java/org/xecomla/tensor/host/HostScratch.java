package org.xecomla.tensor.host;

import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Storage;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.memory.Nd4jMemory;

/** Scratch memory of {@code CpuKernels}: one slot a worker, grown to the largest size that was ever asked for. */
public final class HostScratch implements AutoCloseable {
    private static final int ALIGNMENT = 64; // elements

    private final int numSlots;
    private Storage storage = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, 1);
    private long slotLength;

    public HostScratch(int numSlots) {
        this.numSlots = numSlots;
        if (!Nd4jMemory.isOnHost()) {
            storage.close();
            throw new IllegalStateException(
                    "CpuKernels compute in host memory, and ND4J's back end is not nd4j-native");
        }
    }

    /** Makes sure that every slot holds {@code numElements}. What the slots held is lost. Not while tasks run. */
    public void reserve(long numElements) {
        if (numElements > slotLength) {
            storage.close();
            slotLength = (numElements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            storage = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, slotLength * numSlots);
        }
    }

    /** A matrix (rows, cols) in a slot, {@code start} elements from its beginning. */
    public Tensor matrix(int slot, long start, int rows, int cols) {
        if (start + (long) rows * cols > slotLength) {
            throw new IllegalStateException("scratch of " + slotLength + " elements a slot is too small");
        }
        return new Tensor(storage, ElementType.FLOAT, slot * slotLength + start, rows, cols, cols);
    }

    @Override
    public void close() {
        storage.close();
    }
}
