package org.xecomla.upcycle;

import java.util.Map;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.LowRank;

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

    static LatentQuery of(LowRank factors) {
        return new LatentQuery(factors.down(), factors.up(), factors.energyKept());
    }

    /** 0: full q_proj. */
    int rank() {
        return down == null ? 0 : down.rows();
    }

    void putInto(Map<String, Matrix> tensors, String prefix) {
        if (down == null) {
            tensors.put(prefix + ParameterNames.Q_PROJ, up);
        } else {
            tensors.put(prefix + ParameterNames.Q_A_PROJ, down);
            tensors.put(prefix + ParameterNames.Q_B_PROJ, up);
        }
    }
}
