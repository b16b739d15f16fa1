package org.xecomla.tensor.memory;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Memory;
import org.xecomla.tensor.Storage;

/** What ND4J allocates: the machine's memory with nd4j-native, a GPU's with nd4j-cuda. */
public final class Nd4jMemory implements Memory {
    /** It holds nothing itself: one is enough. */
    public static final Memory INSTANCE = new Nd4jMemory();

    private Nd4jMemory() {}

    /** Whether ND4J's memory is the machine's: the build's choice (profile {@code cuda}), not a run's. */
    public static boolean isOnHost() {
        return Nd4j.getEnvironment().isCPU();
    }

    @Override
    public Storage zeros(ElementType type, long length) {
        INDArray array = Nd4j.createUninitialized(NdArrays.type(type), Math.max(length, 1)); // (length)
        array.assign(0);
        return isOnHost() ? new HostStorage(array, type, length) : new Nd4jStorage(array, type, length);
    }
}
