package org.xecomla.upcycle;

import java.util.LinkedHashMap;
import java.util.Map;
import org.xecomla.config.AttentionConfig;
import org.xecomla.config.ParameterShapes;
import org.xecomla.config.RopeScaling;
import org.xecomla.tensor.Matrix;

/** Puts a layer's tensors, shape and report together. Both methods end here. */
record LayerAssembly(LayerPlan plan, BaseAttention base, RopeScaling ropeScaling, Map<String, Matrix> tensors) {

    /** @param tensors by their names within self_attn */
    static LayerAssembly of(LayerPlan plan, BaseAttention base, RopeScaling ropeScaling, Map<String, Matrix> tensors) {
        return new LayerAssembly(plan, base, ropeScaling, tensors);
    }

    UpcycledLayer finish(LowRank kv, double queryEnergy, double ropeEnergy, double normError) {
        Matrix queryDown = tensors.get("q_a_proj.weight"); // (Q, D)
        int qLoraRank = queryDown == null ? 0 : queryDown.rows();
        int n = plan.qkNopeHeadDim();
        int p = plan.qkRopeHeadDim();
        AttentionConfig.Mla attention = new AttentionConfig.Mla(
                base.shape().numHeads(),
                qLoraRank,
                kv.rank(),
                n,
                p,
                base.shape().headDim(),
                false,
                tensors.containsKey("kv_a_layernorm.weight"),
                ropeScaling,
                Math.pow(n + p, -0.5));
        LayerReport report = new LayerReport(
                plan.layer(),
                true,
                kv.rank(),
                qLoraRank,
                n,
                p,
                attention.kvElementsPerToken(),
                base.shape().kvElementsPerToken(),
                kv.energyKept(),
                queryEnergy,
                ropeEnergy,
                normError);
        Map<String, Matrix> named = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> named.put(ParameterShapes.layer(plan.layer()) + "self_attn." + name, tensor));
        return new UpcycledLayer(attention, named, report);
    }
}
