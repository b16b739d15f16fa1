package org.xecomla.upcycle;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LowRank;

/**
 * The parts that every method ends with, and how they become tensors. Legend: D model, H heads, N nope, P rope, E value
 * dimension, R rank of the KV latent.
 *
 * @param kv down (R, D) and up (H*(N+E), R), before the norm
 * @param ropeKey (P, D)
 * @param scaling of the layer's rope
 * @param ropeEnergy share of the key energy that the rope key keeps; NaN: not measured
 */
record LatentLayer(
        LatentQuery query, LowRank kv, Matrix ropeKey, LatentNorm norm, RopeScaling scaling, double ropeEnergy) {

    UpcycledLayer finish(LayerPlan plan, BaseAttention base) {
        String prefix = ParameterNames.layer(plan.layer());
        Map<String, Matrix> tensors = new LinkedHashMap<>();
        query.putInto(tensors, prefix);
        Matrix down = norm.applyToDown(kv.down()); // (R, D)
        tensors.put(prefix + ParameterNames.KV_A_PROJ, Matrix.stack(down, ropeKey)); // (R+P, D)
        norm.putInto(tensors, prefix);
        tensors.put(
                prefix + ParameterNames.KV_B_PROJ,
                base.readByQueries(norm.applyToUp(kv.up()), plan.unrotatedFactor(base))); // (H*(N+E), R)
        if (base.normed() != null) {
            tensors.put(prefix + ParameterNames.K_PROJ, base.normed().key()); // (K*E, D)
        }
        if (base.shape().biases().ofInputs()) {
            List.of(ParameterNames.Q_PROJ, ParameterNames.Q_A_PROJ, ParameterNames.K_PROJ, ParameterNames.KV_A_PROJ)
                    .forEach(name -> takeBiasOff(tensors, prefix + name));
        }
        LayerReport report = new LayerReport(
                plan.layer(),
                plan.attention(base.shape(), kv.rank(), query.rank(), scaling),
                base.shape().kvElementsPerToken(),
                kv.energyKept(),
                query.energyKept(),
                ropeEnergy,
                norm.error());
        return new UpcycledLayer(tensors, report);
    }

    /** The last column of a weight becomes its bias. */
    private static void takeBiasOff(Map<String, Matrix> tensors, String weight) {
        Matrix both = tensors.get(weight); // (rows, D+1); null: the layer has no such weight
        if (both != null) {
            int d = both.cols() - 1;
            tensors.put(weight, both.cols(0, d)); // (rows, D)
            tensors.put(ParameterNames.bias(weight), both.cols(d, d + 1).transpose()); // (1, rows)
        }
    }
}
