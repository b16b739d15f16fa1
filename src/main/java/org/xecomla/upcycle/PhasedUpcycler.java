package org.xecomla.upcycle;

import java.util.Arrays;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.LowRank;

/**
 * A start that mixes the keys of all heads, and of several rotary planes, with complex weights ({@link PhasedRopeKey}),
 * then cuts what is left of the keys, and the values, by an SVD weighted on both sides: by the inputs, and keys by the
 * queries that will read them. What is written is balanced, so that equal steps of Adam move all factors alike.
 *
 * <p>With one key head, a slot a plane and rank E the student computes the base's attention exactly.
 *
 * <p>Legend: D model, H query heads, K key heads, E head dimension, N nope (= E), S slots, P = 2S rope, R rank of the
 * KV latent.
 */
final class PhasedUpcycler implements Upcycler {
    @Override
    public UpcycledLayer upcycle(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        Matrix moment = activations.secondMoment();
        SharedRopeKey rope = new PhasedRopeKey(base, moment).of(plan.phased().slots());
        LowRank kv = new PhasedLatent(base, moment).of(rope, plan.phased().keyWeight(), plan.kvRank());
        Matrix key = rope.key(base); // (P, D)
        Matrix query = query(plan, base, rope); // (H*(N+P), D)
        if (plan.phased().balanced()) {
            kv = balanced(kv);
            double[] factors = slotFactors(base, query, key);
            key = key.scaleRows(factors);
            query = query.scaleRows(ofHeads(base, factors));
        }
        LatentNorm norm = plan.kvNorm() ? LatentNorm.fitted(kv.down(), activations) : LatentNorm.NONE;
        LatentQuery latentQuery = latentQuery(plan, query, moment);
        return new LatentLayer(latentQuery, kv, key, norm, plan.ropeScaling(), rope.energyKept()).finish(plan, base);
    }

    private static LatentQuery latentQuery(LayerPlan plan, Matrix query, Matrix moment) {
        if (plan.queryRank() == null) {
            return LatentQuery.full(query);
        }
        SymmetricEigen damped = LinearAlgebra.symmetricEigen(AlignedUpcycler.damped(moment));
        Matrix root = damped.apply(Math::sqrt); // (D, D)
        Matrix inverseRoot = damped.apply(x -> 1 / Math.sqrt(x)); // (D, D)
        return LatentQuery.of(LowRank.weighted(query, root, inverseRoot, plan.queryRank(), plan.singularValues()));
    }

    /** Scaled so that the student's softmax scale and YaRN's factor on cos and sin change no score. (H*(N+P), D) */
    static Matrix query(LayerPlan plan, BaseAttention base, SharedRopeKey rope) {
        return rope.query(base, plan.unrotatedFactor(base), plan.rotatedFactor(base, plan.ropeScaling()));
    }

    /** The same product, row i of down and column i of up of the same root mean square. */
    private static LowRank balanced(LowRank kv) {
        int rank = kv.rank();
        double[] grow = new double[rank];
        double[] shrink = new double[rank];
        Matrix columns = kv.up().transpose(); // (R, H*(N+E))
        for (int i = 0; i < rank; i++) {
            grow[i] = root(rootMeanSquare(columns, i) / rootMeanSquare(kv.down(), i));
            shrink[i] = 1 / grow[i];
        }
        return new LowRank(kv.down().scaleRows(grow), kv.up().scaleCols(shrink), kv.energyKept());
    }

    /** What the rows of the rope key are multiplied by, so that a slot's key and queries have the same rms. (P) */
    private static double[] slotFactors(BaseAttention base, Matrix query, Matrix key) {
        int half = key.rows() / 2;
        int width = query.rows() / base.shape().numHeads();
        int nope = width - 2 * half;
        double[] factors = new double[2 * half];
        for (int s = 0; s < half; s++) {
            double ofQueries = 0;
            for (int head = 0; head < base.shape().numHeads(); head++) {
                int row = head * width + nope + s;
                ofQueries += query.rows(row, row + 1).sumOfSquares()
                        + query.rows(row + half, row + half + 1).sumOfSquares();
            }
            double ofKeys = key.rows(s, s + 1).sumOfSquares()
                    + key.rows(s + half, s + half + 1).sumOfSquares();
            factors[s] = root(Math.sqrt(ofQueries / base.shape().numHeads() / ofKeys));
            factors[s + half] = factors[s];
        }
        return factors;
    }

    /** The inverse factors for the rope rows of all query heads. (H*(N+P)) */
    private static double[] ofHeads(BaseAttention base, double[] factors) {
        int nope = base.shape().headDim();
        int width = nope + factors.length;
        double[] all = new double[base.shape().numHeads() * width];
        Arrays.setAll(all, row -> row % width < nope ? 1 : 1 / factors[row % width - nope]);
        return all;
    }

    private static double rootMeanSquare(Matrix rows, int row) {
        return Math.sqrt(rows.rows(row, row + 1).sumOfSquares() / rows.cols());
    }

    /** Of a ratio; 1 where one side is all zeros, which no factor can mend. */
    private static double root(double ratio) {
        return ratio > 0 && !Double.isInfinite(ratio) ? Math.sqrt(ratio) : 1;
    }
}
