package org.xecomla.upcycle;

import java.util.stream.IntStream;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LowRank;
import org.xecomla.upcycle.base.RankPolicy;

/**
 * The latent of the phased start: keys that the rope key leaves over, and values, by an SVD weighted on both sides.
 *
 * <p>With H the root of the inputs' moment C, damped, and G = blockdiag(G<sub>h</sub>) the roots of the moments of the
 * queries that read key head h: M = [G K' / s ; V], M H = U S V<sup>T</sup>, down = S V<sup>T</sup> H<sup>-1</sup> =
 * U<sup>T</sup> M, up = s G<sup>-1</sup> U for keys and U for values. The balance s = ||G K' H|| / ||V H|| / kappa.
 *
 * <p>Legend: D model, H query heads, K key heads, E head dimension, N nope (= E), R rank of the latent.
 */
final class PhasedLatent {
    /** Added to the diagonal of the queries' moment, as a share of its mean. */
    private static final double QUERY_DAMPING = 1e-4;

    private static final double SMALLEST_BALANCE = 1e-6;

    private final BaseAttention base;
    private final Matrix root; // H (D, D)
    private final Matrix[] weights; // G_h (E, E)
    private final Matrix[] inverseWeights; // (E, E)
    private final double valueNorm;

    /** @param moment E[x x<sup>T</sup>] of the layer's inputs (D, D) */
    PhasedLatent(BaseAttention base, Matrix moment) {
        int numHeads = base.shape().numKvHeads();
        this.base = base;
        this.root = LinearAlgebra.symmetricEigen(AlignedUpcycler.damped(moment)).apply(Math::sqrt); // (D, D)
        this.weights = new Matrix[numHeads];
        this.inverseWeights = new Matrix[numHeads];
        for (int head = 0; head < numHeads; head++) {
            SymmetricEigen queries = queryMoment(base, head, moment);
            weights[head] = queries.apply(Math::sqrt); // (E, E)
            inverseWeights[head] = queries.apply(x -> 1 / Math.sqrt(x)); // (E, E)
        }
        this.valueNorm = base.value().times(root).frobeniusNorm();
    }

    /**
     * @param rope whose remainder is K'
     * @param keyWeight kappa
     * @return down (R, D); up (H*(N+E), R), per query head E key rows, then E value rows
     */
    LowRank of(SharedRopeKey rope, double keyWeight, RankPolicy rank) {
        Matrix keys = weighted(rope.remainder(base)); // (K*E, D)
        double balance = balance(keys.times(root).frobeniusNorm(), keyWeight);
        Matrix stacked = Matrix.stack(keys.scale(1 / balance), base.value()); // (2*K*E, D)
        LinearAlgebra.Svd svd = LinearAlgebra.svd(stacked.times(root));
        int kept = rank.rank(svd.singularValues());
        double total = svd.singularValues().sumOfSquares();
        double energy = total == 0 ? 1 : svd.singularValues().cols(0, kept).sumOfSquares() / total;
        return factors(stacked, svd.u().cols(0, kept), balance, energy);
    }

    /**
     * {@link #of} for several kappas, at a fraction of the time: singular vectors by the eigenvectors of M H
     * H<sup>T</sup> M<sup>T</sup>, good to half the digits, which is plenty for comparing.
     */
    LowRank[] roughly(SharedRopeKey rope, double[] keyWeights, int rank) {
        Matrix keys = weighted(rope.remainder(base)); // (K*E, D)
        Matrix keysRooted = keys.times(root); // (K*E, D)
        Matrix valuesRooted = base.value().times(root); // (K*E, D)
        Matrix both = Matrix.stack(keysRooted, valuesRooted); // (2*K*E, D)
        Matrix gram = both.timesTranspose(both); // (2*K*E, 2*K*E)
        int numRows = keys.rows();
        LowRank[] found = new LowRank[keyWeights.length];
        for (int i = 0; i < keyWeights.length; i++) {
            double balance = balance(keysRooted.frobeniusNorm(), keyWeights[i]);
            double[] scales = IntStream.range(0, 2 * numRows)
                    .mapToDouble(row -> row < numRows ? 1 / balance : 1)
                    .toArray();
            SymmetricEigen eigen =
                    LinearAlgebra.symmetricEigen(gram.scaleRows(scales).scaleCols(scales));
            Matrix u = Matrix.build(
                    2 * numRows, rank, (row, r) -> eigen.vectors().get(row, 2 * numRows - 1 - r)); // (2*K*E, R)
            found[i] = factors(Matrix.stack(keys.scale(1 / balance), base.value()), u, balance, Double.NaN);
        }
        return found;
    }

    private double balance(double keyNorm, double keyWeight) {
        return Math.max(valueNorm == 0 ? 1 : keyNorm / valueNorm, SMALLEST_BALANCE) / keyWeight;
    }

    /** G K'. (K*E, D) */
    private Matrix weighted(Matrix remainder) {
        int e = base.shape().headDim();
        return Matrix.stack(IntStream.range(0, weights.length)
                .mapToObj(head -> weights[head].times(remainder.rows(head * e, (head + 1) * e)))
                .toArray(Matrix[]::new)); // (K*E, D)
    }

    /** @param u (2*K*E, R) */
    private LowRank factors(Matrix stacked, Matrix u, double balance, double energy) {
        int e = base.shape().headDim();
        int numHeads = weights.length;
        Matrix[] up = new Matrix[numHeads + 1];
        for (int head = 0; head < numHeads; head++) {
            Matrix rows = u.rows(head * e, (head + 1) * e); // (E, R)
            up[head] = inverseWeights[head].times(rows).scale(balance); // (E, R)
        }
        up[numHeads] = u.rows(numHeads * e, 2 * numHeads * e); // (K*E, R)
        int[] keyRows = IntStream.range(0, e).toArray();
        Matrix ofHeads = Matrix.stack(up).selectRows(XEcoMlaUpcycler.upRows(base, keyRows)); // (H*(N+E), R)
        return new LowRank(u.transposeTimes(stacked), ofHeads, energy);
    }

    /** 1/E sum of W<sub>q</sub> C W<sub>q</sub><sup>T</sup> over the query heads of a key head, damped. (E, E) */
    private static SymmetricEigen queryMoment(BaseAttention base, int keyHead, Matrix moment) {
        int e = base.shape().headDim();
        Matrix sum = Matrix.zeros(e, e); // (E, E)
        for (int head = keyHead * base.groupSize(); head < (keyHead + 1) * base.groupSize(); head++) {
            Matrix query = base.queryHead(head); // (E, D)
            sum = sum.plus(query.times(moment).timesTranspose(query)); // (E, E)
        }
        sum = sum.scale(1.0 / e);
        double damping = Math.max(QUERY_DAMPING * sum.trace() / e, Double.MIN_NORMAL);
        return LinearAlgebra.symmetricEigen(sum.plus(Matrix.identity(e).scale(damping)));
    }
}
