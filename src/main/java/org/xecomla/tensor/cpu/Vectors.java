package org.xecomla.tensor.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Vectors of all loops. Needs the module jdk.incubator.vector: only what {@link Lanes} lets in comes here. */
final class Vectors {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    static final int NUM_LANES = FLOATS.length();
    static final int STEP = Float.BYTES * NUM_LANES; // bytes
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Vectors() {}

    static FloatVector load(ByteBuffer x, int at) {
        return FloatVector.fromByteBuffer(FLOATS, x, at, ORDER);
    }

    static void store(FloatVector value, ByteBuffer x, int at) {
        value.intoByteBuffer(x, at, ORDER);
    }

    static FloatVector all(float value) {
        return FloatVector.broadcast(FLOATS, value);
    }
}
