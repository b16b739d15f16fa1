package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.LinearAlgebra.SymmetricEigen;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;

/**
 * The one rotated key that stands for all key heads: the first step of the aligned start.
 *
 * <p>RoPE turns plane j of every head by the same angle, so a real mixture of heads within a plane commutes with it.
 * Each plane's mixture r<sub>j</sub> is the leading eigenvector of its keys' second moment over heads, heads weighted
 * by the root of their queries' energy a, and k<sub>h,j</sub> ~ u<sub>h,j</sub> r<sub>j</sub>.
 *
 * <p>Legend: D model, K key heads, E head dimension, P rope, F planes folded into one (FreqFold), N nope.
 *
 * @param mix r = mix k over the stacked key heads k (P, K*E)
 * @param spread k ~ spread r (K*E, P)
 * @param planes first base plane of every rope plane, ascending
 * @param energyKept share of the query-weighted key energy of all planes
 */
record SharedRopeKey(Matrix mix, Matrix spread, List<Integer> planes, double energyKept) {

    /** A plane's candidates: its base planes, the weights and coefficients of each base row, and the energy kept. */
    private record Plane(int first, double[] mix, double[] spread, double kept, double total) {}

    /**
     * @param secondMoment E[x x<sup>T</sup>] of the layer's inputs (D, D)
     * @param ropeDim P; with folding a divisor of E
     * @param strongest keep the planes with most energy instead of folding all
     */
    static SharedRopeKey of(BaseAttention base, Matrix secondMoment, int ropeDim, boolean strongest) {
        int fold = strongest ? 1 : base.shape().headDim() / ropeDim;
        Matrix keyMoment = base.key().times(secondMoment).timesTranspose(base.key()); // (K*E, K*E)
        double[][] weights = queryWeights(base, secondMoment);
        List<Plane> all = new ArrayList<>();
        for (int first = 0; first < base.shape().headDim() / 2; first += fold) {
            all.add(plane(base, keyMoment, weights, first, fold));
        }
        double total = all.stream().mapToDouble(Plane::total).sum();
        List<Plane> kept = all;
        if (strongest) {
            kept = all.stream()
                    .sorted(Comparator.comparingDouble(Plane::kept).reversed())
                    .limit(ropeDim / 2)
                    .sorted(Comparator.comparingInt(Plane::first))
                    .toList();
        }
        double energy = kept.stream().mapToDouble(Plane::kept).sum();
        return assemble(base, kept, fold, total == 0 ? 1 : energy / total);
    }

    /**
     * Root of the energy of the queries that see key head h in plane j, floored at a millionth of the largest: [h][j].
     */
    static double[][] queryWeights(BaseAttention base, Matrix secondMoment) {
        int e = base.shape().headDim();
        double[] energy = base.query().quadraticForms(secondMoment); // (H*E)
        double[][] weights = new double[base.shape().numKvHeads()][e / 2];
        for (int head = 0; head < base.shape().numHeads(); head++) {
            double[] group = weights[head / base.groupSize()];
            for (int j = 0; j < e / 2; j++) {
                group[j] += energy[head * e + j] + energy[head * e + j + e / 2];
            }
        }
        double largest = 0;
        for (double[] head : weights) {
            for (int j = 0; j < head.length; j++) {
                head[j] = Math.sqrt(Math.max(head[j], 0));
                largest = Math.max(largest, head[j]);
            }
        }
        double floor = Math.max(1e-6 * largest, Double.MIN_NORMAL);
        for (double[] head : weights) {
            Arrays.setAll(head, j -> Math.max(head[j], floor));
        }
        return weights;
    }

    private static Plane plane(BaseAttention base, Matrix keyMoment, double[][] weights, int first, int fold) {
        int e = base.shape().headDim();
        int numKvHeads = base.shape().numKvHeads();
        int size = fold * numKvHeads;
        int[] rows = new int[size]; // of the first members of the pairs
        double[] a = new double[size];
        for (int i = 0; i < size; i++) {
            int head = i % numKvHeads;
            int plane = first + i / numKvHeads;
            rows[i] = head * e + plane;
            a[i] = weights[head][plane];
        }
        Matrix moment = Matrix.build(
                size,
                size,
                (i, j) -> a[i]
                        * a[j]
                        * (keyMoment.get(rows[i], rows[j])
                                + keyMoment.get(rows[i] + e / 2, rows[j] + e / 2))); // (F*K, F*K)
        SymmetricEigen eigen = LinearAlgebra.symmetricEigen(moment);
        double[] mix = new double[size];
        double[] spread = new double[size];
        for (int i = 0; i < size; i++) {
            double v = eigen.vectors().get(i, size - 1);
            mix[i] = v * a[i];
            spread[i] = v / a[i];
        }
        return new Plane(first, mix, spread, eigen.largest(), moment.trace());
    }

    private static SharedRopeKey assemble(BaseAttention base, List<Plane> planes, int fold, double energyKept) {
        int e = base.shape().headDim();
        int numKvHeads = base.shape().numKvHeads();
        int half = planes.size();
        double[] mix = new double[2 * half * numKvHeads * e]; // (P, K*E)
        double[] spread = new double[mix.length]; // (K*E, P)
        for (int p = 0; p < half; p++) {
            Plane plane = planes.get(p);
            for (int i = 0; i < fold * numKvHeads; i++) {
                int first = i % numKvHeads * e + plane.first() + i / numKvHeads;
                for (int member = 0; member < 2; member++) {
                    int row = first + member * e / 2;
                    int ropeRow = p + member * half;
                    mix[ropeRow * numKvHeads * e + row] = plane.mix()[i];
                    spread[row * 2 * half + ropeRow] = plane.spread()[i];
                }
            }
        }
        return new SharedRopeKey(
                Matrix.of(2 * half, numKvHeads * e, mix),
                Matrix.of(numKvHeads * e, 2 * half, spread),
                planes.stream().map(Plane::first).toList(),
                energyKept);
    }

    /** The shared rope key's rows. (P, D) */
    Matrix key(BaseAttention base) {
        return mix.times(base.key());
    }

    /** What the shared rope key does not explain of the base's keys. (K*E, D) */
    Matrix remainder(BaseAttention base) {
        return base.key().minus(spread.times(key(base)));
    }

    /** The rows that ask the shared rope key on behalf of query head {@code head}. (P, D) */
    Matrix query(BaseAttention base, int head) {
        int e = base.shape().headDim();
        int at = head / base.groupSize() * e;
        return spread.rows(at, at + e).transposeTimes(base.queryHead(head));
    }

    /**
     * Query weight of all heads: per head the base's rows times {@code nopeFactor}, then the rope rows times
     * {@code ropeFactor}.
     */
    Matrix query(BaseAttention base, double nopeFactor, double ropeFactor) {
        return Matrix.stack(IntStream.range(0, base.shape().numHeads())
                .mapToObj(head -> Matrix.stack(
                        base.unrotatedQuery(head, nopeFactor),
                        query(base, head).scale(ropeFactor * base.rotatedFactor(head))))
                .toArray(Matrix[]::new)); // (H*(E+P), D)
    }
}
