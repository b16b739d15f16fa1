package org.xecomla.upcycle;

import java.util.Map;
import org.xecomla.tensor.Matrix;

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

    void putInto(Map<String, Matrix> tensors) {
        if (down == null) {
            tensors.put("q_proj.weight", up);
        } else {
            tensors.put("q_a_proj.weight", down);
            tensors.put("q_b_proj.weight", up);
        }
    }
}
