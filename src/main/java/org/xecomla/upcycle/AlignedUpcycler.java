package org.xecomla.upcycle;

import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.LowRank;
import org.xecomla.upcycle.lowrank.LayerSpectrum;

/**
 * An initialisation that keeps what RoPE commutes with and weighs the rest by activations: RoRoPE's shared rope key
 * (TransMLA) with heads weighted by their queries, then a covariance-weighted joint SVD (as in CARE, arXiv 2603.17946)
 * of remaining keys and values, balanced (TransMLA's BKV).
 *
 * <p>With one key head, rank E and the base's frequencies the student computes the base's attention exactly.
 *
 * <p>Legend: D model, H query heads, K key heads, E head dimension, N nope (= E), P rope, R rank of the KV latent.
 */
final class AlignedUpcycler implements Upcycler {
    /** Added to the second moment's diagonal, as a share of its mean. */
    private static final double DAMPING = 0.01;

    private static final double SMALLEST_BALANCE = 1e-6;

    @Override
    public UpcycledLayer upcycle(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        boolean strongest = plan.ropeRows() == RopeRows.STRONGEST;
        SharedRopeKey rope = SharedRopeKey.of(base, activations.secondMoment(), plan.qkRopeHeadDim(), strongest);
        SymmetricEigen moment = LinearAlgebra.symmetricEigen(damped(activations.secondMoment()));
        Matrix root = moment.apply(Math::sqrt); // (D, D)
        Matrix inverseRoot = moment.apply(x -> 1 / Math.sqrt(x)); // (D, D)
        RopeScaling scaling = strongest && base.shape().isRotated() ? explicit(base, rope) : plan.ropeScaling();

        LatentQuery query = query(plan, base, rope, scaling, root, inverseRoot);
        LowRank kv = keysAndValues(plan, base, rope.remainder(base), root, inverseRoot);
        LatentNorm norm = plan.kvNorm() ? LatentNorm.fitted(kv.down(), activations) : LatentNorm.NONE;
        return new LatentLayer(query, kv, rope.key(base), norm, scaling, rope.energyKept()).finish(plan, base);
    }

    static Matrix damped(Matrix secondMoment) {
        int d = secondMoment.rows();
        double mean = secondMoment.trace() / d;
        double added = Math.max(DAMPING * mean, Double.MIN_NORMAL);
        return secondMoment.plus(Matrix.identity(d).scale(added));
    }

    /** The base's frequencies of the planes that were kept. */
    private static RopeScaling explicit(BaseAttention base, SharedRopeKey rope) {
        RopeFrequencies all = RopeFrequencies.of(
                base.shape().headDim(), base.ropeTheta(), base.shape().ropeScaling());
        return new RopeScaling.Explicit(
                rope.planes().stream().map(all.inverse()::get).toList());
    }

    /**
     * The base's queries for the unrotated part and their mixture for the rotated one, scaled so that the student's
     * softmax scale and YaRN's factor on cos and sin change no score.
     */
    private static LatentQuery query(
            LayerPlan plan,
            BaseAttention base,
            SharedRopeKey rope,
            RopeScaling scaling,
            Matrix root,
            Matrix inverseRoot) {
        double rotated = plan.rotatedFactor(base, scaling);
        Matrix weight = rope.query(base, plan.unrotatedFactor(base), rotated); // (H*(N+P), D)
        if (plan.queryRank() == null) {
            return LatentQuery.full(weight);
        }
        return LatentQuery.of(LowRank.weighted(weight, root, inverseRoot, plan.queryRank(), plan.singularValues()));
    }

    /** Down (R, D); up (H*(N+E), R), per query head E remaining key rows, then E value rows. */
    private static LowRank keysAndValues(
            LayerPlan plan, BaseAttention base, Matrix remainder, Matrix root, Matrix inverseRoot) {
        double balance = balance(base, remainder, root);
        Matrix stacked = Matrix.stack(remainder.scale(1 / balance), base.value()); // (2*K*E, D)
        LowRank factors = LowRank.weighted(stacked, root, inverseRoot, plan.kvRank(), plan.singularValues());
        int numKeyRows = remainder.rows();
        double[] scales = new double[stacked.rows()];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = i < numKeyRows ? balance : 1;
        }
        int[] keyRows = IntStream.range(0, base.shape().headDim()).toArray();
        Matrix up = factors.up().scaleRows(scales).selectRows(XEcoMlaUpcycler.upRows(base, keyRows)); // (H*(N+E), R)
        return new LowRank(factors.down(), up, factors.energyKept());
    }

    private static double balance(BaseAttention base, Matrix remainder, Matrix root) {
        double keyNorm = remainder.times(root).frobeniusNorm();
        double valueNorm = base.value().times(root).frobeniusNorm();
        return Math.max(valueNorm == 0 ? 1 : keyNorm / valueNorm, SMALLEST_BALANCE);
    }

    @Override
    public LayerSpectrum spectrum(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        boolean strongest = plan.ropeRows() == RopeRows.STRONGEST;
        SharedRopeKey rope = SharedRopeKey.of(base, activations.secondMoment(), plan.qkRopeHeadDim(), strongest);
        Matrix root =
                LinearAlgebra.symmetricEigen(damped(activations.secondMoment())).apply(Math::sqrt); // (D, D)
        Matrix remainder = rope.remainder(base); // (K*E, D)
        double balance = balance(base, remainder, root);
        Matrix stacked = Matrix.stack(remainder.scale(1 / balance), base.value()); // (2*K*E, D)
        double[] sigma = LinearAlgebra.svd(stacked.times(root)).singularValues().toDoubles();
        return new LayerSpectrum(LowRankUpcycler.logCondition(base), List.of(LayerSpectrum.squares(sigma)));
    }
}
