package org.xecomla.nn;

import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Memory;
import org.xecomla.tensor.Tensor;

/**
 * Cosines and sines of every position and plane, times the rope factor m; angles are computed in double. Legend: P rope
 * dimension. Half-split: plane j is columns j and j + P/2.
 *
 * @param cos (positions, P/2)
 * @param sin (positions, P/2)
 */
record RopeTable(Tensor cos, Tensor sin) implements AutoCloseable {
    static RopeTable of(RopeFrequencies frequencies, int numPositions, Memory memory, ElementType type) {
        int numPlanes = frequencies.inverse().size();
        double[] cos = new double[numPositions * numPlanes];
        double[] sin = new double[numPositions * numPlanes];
        for (int t = 0; t < numPositions; t++) {
            for (int j = 0; j < numPlanes; j++) {
                double angle = t * frequencies.inverse().get(j);
                cos[t * numPlanes + j] = frequencies.attentionFactor() * Math.cos(angle);
                sin[t * numPlanes + j] = frequencies.attentionFactor() * Math.sin(angle);
            }
        }
        return new RopeTable(
                memory.of(type, numPositions, numPlanes, cos), // (positions, P/2)
                memory.of(type, numPositions, numPlanes, sin)); // (positions, P/2)
    }

    /** A table that has shapes and no memory: only for {@code SizingKernels}. */
    static RopeTable sizing(int ropeDim, int numPositions, ElementType type) {
        Arena arena = Arena.sizing(type);
        return new RopeTable(
                arena.matrix(numPositions, ropeDim / 2), // (positions, P/2)
                arena.matrix(numPositions, ropeDim / 2)); // (positions, P/2)
    }

    long numElements() {
        return cos.length() + sin.length();
    }

    /**
     * Rotates heads of width P in place.
     *
     * @param positions of the rows
     */
    void rotate(HeadView x, Indices positions, Kernels kernels) {
        kernels.rope().forward(x, cos, sin, positions);
    }

    /** The backward of {@link #rotate}, in place: a rotation's transpose rotates back. */
    void rotateBack(HeadView dX, Indices positions, Kernels kernels) {
        // forward was: (x1, x2) = (x1 cos - x2 sin, x2 cos + x1 sin)
        kernels.rope().backward(dX, cos, sin, positions);
    }

    @Override
    public void close() {
        cos.storage().close();
        sin.storage().close();
    }
}
