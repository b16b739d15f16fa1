package org.xecomla.formats.checkpoint;

import java.util.Locale;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeScaling;

/**
 * The keys of latent layers, DeepSeek's in every format. Ranks follow from the tensors; the keys are asked only where
 * two tensors disagree.
 *
 * @param json config.json, or the file that has them
 */
public record LatentJson(ModelJson json) {
    /** Over what the base of a student takes the norms of queries and keys; absent: it has none. */
    public static final String QK_NORM = "qk_norm";

    public int ropeDim() {
        return json.integer("qk_rope_head_dim");
    }

    /** What divides the scores where no other scale is given: the root of a head's width. */
    public double plainScale() {
        return plainScale(ropeDim());
    }

    /** The same of a layer that has {@code ropeDim} of its own. */
    public double plainScale(int ropeDim) {
        return AttentionConfig.softmaxScale(json.integer("qk_nope_head_dim") + ropeDim);
    }

    /**
     * The same as DeepSeek's own class has it, and X-EcoMLA's code: YaRN's {@code mscale_all_dim} sharpens the softmax.
     *
     * @param rope the object that {@code scaling} was read from
     */
    public double deepseekScale(ModelJson rope, RopeScaling scaling) {
        double allDim = rope.number("mscale_all_dim", 0);
        if (scaling instanceof RopeScaling.Yarn yarn && allDim != 0) {
            double m = 0.1 * allDim * Math.log(yarn.factor()) + 1;
            return plainScale() * (m * m);
        }
        return plainScale();
    }

    /**
     * A latent layer.
     *
     * @param ranks where {@code q_lora_rank} and {@code kv_lora_rank} of this layer are written
     */
    public AttentionConfig.Mla layer(LayerTensors tensors, ModelJson ranks, RopeScaling rope, double softmaxScale) {
        return layer(tensors, ranks, ropeDim(), rope, softmaxScale);
    }

    /** The same of a layer that has {@code ropeDim} of its own. */
    public AttentionConfig.Mla layer(
            LayerTensors tensors, ModelJson ranks, int ropeDim, RopeScaling rope, double softmaxScale) {
        int numHeads = json.integer("num_attention_heads");
        int qRank = tensors.qLoraRank(ranks.integer("q_lora_rank", 0));
        int kvRank = tensors.kvLoraRank(ranks.integer("kv_lora_rank", 0), ropeDim);
        int nope = json.integer("qk_nope_head_dim");
        int valueDim = json.integer("v_head_dim");
        return json.naming(() -> new AttentionConfig.Mla(
                numHeads,
                qRank,
                kvRank,
                nope,
                ropeDim,
                valueDim,
                tensors.has(ParameterNames.Q_A_NORM),
                tensors.has(ParameterNames.KV_A_NORM),
                rope,
                softmaxScale,
                tensors.biases(),
                keyScales(tensors, nope)));
    }

    /** Of students whose base normalises queries and keys; null: it does not. */
    private AttentionConfig.KeyScales keyScales(LayerTensors tensors, int headDim) {
        if (!json.has(QK_NORM) || !tensors.has(ParameterNames.K_PROJ)) {
            return null;
        }
        String scope = json.text(QK_NORM, "");
        for (AttentionConfig.NormScope known : AttentionConfig.NormScope.values()) {
            if (scopeName(known).equals(scope)) {
                int numKeyHeads = Math.max(1, tensors.rows(ParameterNames.K_PROJ) / Math.max(1, headDim));
                return new AttentionConfig.KeyScales(
                        numKeyHeads, new AttentionConfig.HeadNorm(known, new DecoderJson(json).epsilon()));
            }
        }
        throw json.unsupported(QK_NORM, "only head and token are");
    }

    /** As {@link #QK_NORM} says it. */
    public static String scopeName(AttentionConfig.NormScope scope) {
        return scope.name().toLowerCase(Locale.ROOT);
    }
}
