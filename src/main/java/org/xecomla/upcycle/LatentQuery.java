package org.xecomla.upcycle;

import java.util.Map;
import org.xecomla.linalg.Matrix;

/**
 * The student's query projection.
 *
 * @param down (Q, D); null: full q_proj
 * @param up (H*(N+P), Q), or (H*(N+P), D) where it is full
 */
record LatentQuery(Matrix down, Matrix up, double energyKept) {

    static LatentQuery full(Matrix weight) {
        return new LatentQuery(null, weight, 1);
    }

    /** 0: full q_proj. */
    int rank() {
        return down == null ? 0 : down.rows();
    }

    void putInto(Map<String, Matrix> tensors, String prefix) {
        if (down == null) {
            tensors.put(prefix + "q_proj.weight", up);
        } else {
            tensors.put(prefix + "q_a_proj.weight", down);
            tensors.put(prefix + "q_b_proj.weight", up);
        }
    }
}
