package org.xecomla.upcycle;

import java.io.Serializable;
import org.xecomla.config.RopeScaling;

/**
 * All that is decided beforehand about one layer that becomes latent attention.
 *
 * @param layer from 0
 * @param kvRank rank of the KV latent
 * @param queryRank rank of the query latent; null: full q_proj
 * @param qkNopeHeadDim dimensions of a head that are not rotated
 * @param qkRopeHeadDim rotated dimensions of a head, shared by all heads on the key side
 * @param ropeScaling the rope of the new layer; with {@link RopeRows#STRONGEST} the planes' own frequencies take its place
 */
public record LayerPlan(
        int layer,
        UpcycleMethod method,
        RankPolicy kvRank,
        RankPolicy queryRank,
        int qkNopeHeadDim,
        int qkRopeHeadDim,
        RopeRows ropeRows,
        SingularValues singularValues,
        KvNorm kvNorm,
        RopeScaling ropeScaling)
        implements Serializable {
    /** Whether the layer can only be made with calibration text. */
    public boolean needsActivations() {
        return method == UpcycleMethod.ALIGNED || kvNorm == KvNorm.CALIBRATED;
    }
}
