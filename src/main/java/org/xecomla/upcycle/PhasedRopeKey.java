package org.xecomla.upcycle;

import java.util.List;
import org.xecomla.linalg.HermitianEigen;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.slots.RopeSlot;

/**
 * The shared rope key by complex mixing: the first step of the phased start.
 *
 * <p>RoPE multiplies plane j of a key, read as the complex number k<sub>h,j</sub> = k[j] + i k[j + E/2], by e<sup>i p
 * f</sup>. Any complex factor commutes with that, so heads may be mixed with phases, which real weights
 * ({@link SharedRopeKey}) cannot express. Of a slot's keys m = (j, h), weighted by the root of their queries' energy a,
 * the Hermitian second moment is S = a a<sup>T</sup> E[k k<sup>H</sup>]; with its eigenvector v the shared key is r =
 * sum conj(v<sub>m</sub>) a<sub>m</sub> k<sub>m</sub>, and k<sub>m</sub> ~ u<sub>m</sub> r with u<sub>m</sub> =
 * v<sub>m</sub> / a<sub>m</sub>.
 *
 * <p>Legend: D model, K key heads, E head dimension, S slots, P = 2S rope, M keys of a slot. Rows of the shared key are
 * half-split, as everywhere inside: the real parts of all slots, then the imaginary parts.
 */
final class PhasedRopeKey {
    private final BaseAttention base;
    private final Matrix keyMoment; // (K*E, K*E)
    private final double[][] weights; // a of [h][j]

    /** @param secondMoment E[x x<sup>T</sup>] of the layer's inputs (D, D) */
    PhasedRopeKey(BaseAttention base, Matrix secondMoment) {
        this.base = base;
        this.keyMoment = base.key().times(secondMoment).timesTranspose(base.key()); // (K*E, K*E)
        this.weights = SharedRopeKey.queryWeights(base, secondMoment);
    }

    /** The shared key of these slots. */
    SharedRopeKey of(List<RopeSlot> slots) {
        int numKeyRows = base.key().rows();
        int half = slots.size();
        double[] mix = new double[2 * half * numKeyRows]; // (P, K*E)
        double[] spread = new double[mix.length]; // (K*E, P)
        double energy = 0;
        for (int s = 0; s < half; s++) {
            RopeSlot slot = slots.get(s);
            HermitianEigen eigen = eigen(slot.planes(), false);
            energy += eigen.values().get(slot.eigen());
            int numHeads = base.shape().numKvHeads();
            for (int m = 0; m < slot.planes().size() * numHeads; m++) {
                int plane = slot.planes().get(m / numHeads);
                double a = weights[m % numHeads][plane];
                double re = eigen.real().get(m, slot.eigen());
                double im = eigen.imaginary().get(m, slot.eigen());
                int first = m % numHeads * base.shape().headDim() + plane;
                int second = first + base.shape().headDim() / 2;
                // r = conj(v) a k
                mix[s * numKeyRows + first] = a * re;
                mix[s * numKeyRows + second] = a * im;
                mix[(s + half) * numKeyRows + first] = -a * im;
                mix[(s + half) * numKeyRows + second] = a * re;
                // k ~ u r
                spread[first * 2 * half + s] = re / a;
                spread[first * 2 * half + s + half] = -im / a;
                spread[second * 2 * half + s] = im / a;
                spread[second * 2 * half + s + half] = re / a;
            }
        }
        double total = total();
        return new SharedRopeKey(
                Matrix.of(2 * half, numKeyRows, mix),
                Matrix.of(numKeyRows, 2 * half, spread),
                slots.stream().map(slot -> slot.planes().get(0)).toList(),
                total == 0 ? 1 : energy / total);
    }

    /**
     * Share of the query-weighted key energy of {@code planes} that one slot keeps.
     *
     * @param realMixing drop the phases, as the aligned start does: for comparison
     */
    double share(List<Integer> planes, boolean realMixing) {
        HermitianEigen eigen = eigen(planes, realMixing);
        double all = eigen.values().stream().mapToDouble(Double::doubleValue).sum();
        return all == 0 ? 1 : eigen.values().get(0) / all;
    }

    /** Of S over the slot's keys, plane by plane. (M, M) */
    private HermitianEigen eigen(List<Integer> planes, boolean realMixing) {
        int size = planes.size() * base.shape().numKvHeads();
        Matrix real = Matrix.build(
                size,
                size,
                (m, n) -> weight(planes, m)
                        * weight(planes, n)
                        * (moment(planes, m, 0, n, 0) + moment(planes, m, 1, n, 1))); // (M, M)
        Matrix imaginary = realMixing
                ? Matrix.zeros(size, size)
                : Matrix.build(
                        size,
                        size,
                        (m, n) -> weight(planes, m)
                                * weight(planes, n)
                                * (moment(planes, m, 1, n, 0) - moment(planes, m, 0, n, 1))); // (M, M)
        return HermitianEigen.of(real, imaginary);
    }

    private double weight(List<Integer> planes, int m) {
        int numHeads = base.shape().numKvHeads();
        return weights[m % numHeads][planes.get(m / numHeads)];
    }

    /** E of member {@code ofM} (0 real, 1 imaginary) of key m times that of key n. */
    private double moment(List<Integer> planes, int m, int ofM, int n, int ofN) {
        return keyMoment.get(row(planes, m, ofM), row(planes, n, ofN));
    }

    private int row(List<Integer> planes, int m, int member) {
        int numHeads = base.shape().numKvHeads();
        int e = base.shape().headDim();
        return m % numHeads * e + planes.get(m / numHeads) + member * e / 2;
    }

    /** Query-weighted energy of all keys. */
    private double total() {
        double total = 0;
        int e = base.shape().headDim();
        for (int head = 0; head < base.shape().numKvHeads(); head++) {
            for (int j = 0; j < e / 2; j++) {
                double a = weights[head][j];
                int row = head * e + j;
                total += a * a * (keyMoment.get(row, row) + keyMoment.get(row + e / 2, row + e / 2));
            }
        }
        return total;
    }
}
