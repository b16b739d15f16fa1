package org.xecomla.upcycle;

import java.io.Serializable;
import java.util.List;
import org.xecomla.config.Mha2MlaConfig;
import org.xecomla.config.RankConfig;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.MethodPlan;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.lowrank.LowRankPlan;
import org.xecomla.upcycle.mha2mla.Mha2MlaPlan;
import org.xecomla.upcycle.slots.PhasedPlan;

/**
 * All that is decided beforehand about one layer that becomes latent attention.
 *
 * @param layer from 0
 * @param kvRank rank of the KV latent
 * @param queryRank rank of the query latent; null: full q_proj
 * @param qkNopeHeadDim dimensions of a head that are not rotated
 * @param qkRopeHeadDim rotated dimensions of a head, shared by all heads on the key side
 * @param kvNorm a calibrated RMSNorm on the KV latent
 * @param ropeScaling the rope of the new layer; with {@link RopeRows#STRONGEST} the planes' own frequencies take its
 *     place
 * @param detail what only its method asks; null: nothing, or not searched for yet
 */
public record LayerPlan(
        int layer,
        UpcycleConfig.Method method,
        RankPolicy kvRank,
        RankPolicy queryRank,
        int qkNopeHeadDim,
        int qkRopeHeadDim,
        RopeRows ropeRows,
        SingularValues singularValues,
        boolean kvNorm,
        RopeScaling ropeScaling,
        MethodPlan detail)
        implements Serializable {
    /** The plan of a layer that gets latents of keys and of values, and keeps its rope. */
    static LayerPlan lowRank(int layer, SingularValues singularValues, LowRankPlan plan) {
        return new LayerPlan(
                layer, UpcycleConfig.Method.LOWRANK, null, null, 0, 0, null, singularValues, false, null, plan);
    }

    /** The plan of a layer of partial rope; its rope has as many frequencies as it will have, not yet found. */
    static LayerPlan mha2mla(int layer, int nopeDim, int ropeDim, RopeScaling rope, Mha2MlaPlan plan) {
        return new LayerPlan(
                layer,
                UpcycleConfig.Method.MHA2MLA,
                new RankPolicy.Fixed(plan.rank()),
                null,
                nopeDim,
                ropeDim,
                null,
                SingularValues.UP,
                false,
                rope,
                plan);
    }

    /** Of method mha2mla; null: another. */
    Mha2MlaPlan mha2mla() {
        return detail instanceof Mha2MlaPlan plan ? plan : null;
    }

    /** Of the phased start; null: another method, or not searched for yet. */
    PhasedPlan phased() {
        return detail instanceof PhasedPlan phased ? phased : null;
    }

    /** Of method lowrank; null: another. */
    LowRankPlan lowRank() {
        return detail instanceof LowRankPlan plan ? plan : null;
    }

    /** The same with other ranks: of the latents of keys and of values, or of that of both. */
    LayerPlan withRanks(List<Integer> ranks) {
        return lowRank() == null
                ? withKvLatent(ranks.get(0), kvNorm)
                : lowRank(layer, singularValues, lowRank().withRanks(ranks.get(0), ranks.get(1)));
    }

    /** The same with a latent that holds all that keys and values are, and without a norm on it. */
    LayerPlan atFullRank() {
        return withKvLatent(Integer.MAX_VALUE, false);
    }

    private LayerPlan withKvLatent(int rank, boolean normed) {
        return new LayerPlan(
                layer,
                method,
                new RankPolicy.Fixed(rank),
                queryRank,
                qkNopeHeadDim,
                qkRopeHeadDim,
                ropeRows,
                singularValues,
                normed,
                ropeScaling,
                detail);
    }

    /** The same for another layer. */
    LayerPlan ofLayer(int other) {
        return new LayerPlan(
                other,
                method,
                kvRank,
                queryRank,
                qkNopeHeadDim,
                qkRopeHeadDim,
                ropeRows,
                singularValues,
                kvNorm,
                ropeScaling,
                detail);
    }

    /** The same with slots that were found for it; the latent has what they leave of the layer's elements. */
    LayerPlan withPhased(PhasedPlan found) {
        int elements = ((RankPolicy.Fixed) kvRank).rank() + qkRopeHeadDim;
        return new LayerPlan(
                layer,
                method,
                new RankPolicy.Fixed(elements - found.ropeDim()),
                queryRank,
                qkNopeHeadDim,
                found.ropeDim(),
                ropeRows,
                singularValues,
                kvNorm,
                found.ropeScaling(),
                found);
    }

    /**
     * The latent attention of this plan, once its ranks are known.
     *
     * @param base the attention that it replaces
     * @param queryLatentRank 0: full q_proj
     * @param rope as it came out
     */
    AttentionConfig.Mla attention(AttentionConfig.Gqa base, int kvLatentRank, int queryLatentRank, RopeScaling rope) {
        return new AttentionConfig.Mla(
                base.numHeads(),
                queryLatentRank,
                kvLatentRank,
                qkNopeHeadDim,
                qkRopeHeadDim,
                base.headDim(),
                false,
                kvNorm,
                rope,
                AttentionConfig.softmaxScale(qkNopeHeadDim + qkRopeHeadDim),
                base.biases(),
                base.keyScales());
    }

    /**
     * What unrotated queries are multiplied by where the base's heads stay whole, so that the student's softmax scale
     * changes no score, nor that they are not rotated: YaRN's factor on cos and sin is theirs too.
     */
    double unrotatedFactor(BaseAttention base) {
        int e = base.shape().headDim();
        double scale = Math.sqrt((double) (e + qkRopeHeadDim) / e);
        double before = RopeFrequencies.of(e, base.ropeTheta(), base.shape().ropeScaling())
                .attentionFactor();
        return scale * before * before;
    }

    /** What rotated queries are multiplied by where unrotated ones are by {@link #unrotatedFactor}. */
    double rotatedFactor(BaseAttention base, RopeScaling rope) {
        double after = RopeFrequencies.of(qkRopeHeadDim, base.ropeTheta(), rope).attentionFactor();
        return unrotatedFactor(base) / (after * after);
    }

    /** The same with the largest ranks that the plan allows; those that follow from weights may be less. */
    AttentionConfig largestAttention(AttentionConfig.Gqa base, int hiddenSize) {
        if (lowRank() != null) {
            return new AttentionConfig.LowRankGqa(
                    base, lowRank().keyRank(), lowRank().valueRank());
        }
        if (mha2mla() != null) {
            return Mha2MlaUpcycler.attention(this, base, ropeScaling);
        }
        int numInputs = base.numInputs(hiddenSize);
        int ofKv = Math.min(2 * base.numKvHeads() * base.headDim(), numInputs);
        int ofQuery = Math.min(base.numHeads() * base.headDim(), numInputs);
        return attention(base, kvRank.largest(ofKv), queryRank == null ? 0 : queryRank.largest(ofQuery), ropeScaling);
    }

    /** Whether the layer can only be made with calibration text. */
    public boolean needsActivations() {
        return switch (method) {
            case XECOMLA -> kvNorm;
            case LOWRANK -> lowRank().factors() != RankConfig.Factors.WEIGHT;
            case MHA2MLA -> mha2mla().settings().selection() == Mha2MlaConfig.Selection.NORM;
            case ALIGNED, PHASED -> true;
        };
    }
}
