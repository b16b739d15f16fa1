package org.xecomla.tensor.cpu;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much of a row the JDK's Vector API works on: every loop of these kernels runs over {@link #wide} bytes in full
 * vectors and over the rest element by element, with the same arithmetic. Without the module jdk.incubator.vector all
 * of it is the rest.
 *
 * <p>The code in vectors stands in a nested class beside each loop, so that it is loaded only where the module is.
 *
 * <p>No masks for the rest, since they are slow before JDK 18; and no second, shorter species: the compiler learns the
 * classes of vectors in places that all loops share, and two classes there make every vector an object on the heap.
 */
public final class Lanes {
    /** No vectors, whatever this JVM has. */
    public static final Lanes NONE = new Lanes(0);

    private final int mask; // & n: the elements in full vectors

    private Lanes(int numLanes) {
        this.mask = -numLanes;
    }

    /** Holds the choice between the two: made, and told, once. */
    private static final class Choice {
        static final Lanes BEST = choose();

        private static Lanes choose() {
            if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
                return new Lanes(Vectors.NUM_LANES);
            }
            Logger log = LoggerFactory.getLogger(CpuKernels.class);
            log.warn("computing without vector instructions, several times slower: this JVM was started without"
                    + " --add-modules jdk.incubator.vector");
            return NONE;
        }
    }

    /** The widest vectors of this JVM. */
    public static Lanes best() {
        return Choice.BEST;
    }

    /** Bytes of a row of {@code n} floats that fill whole vectors; 0 where there are none. */
    int wide(int n) {
        return Float.BYTES * (n & mask);
    }
}
