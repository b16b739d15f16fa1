package org.xecomla.upcycle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.LowRank;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.mha2mla.Mha2MlaPlan;
import org.xecomla.upcycle.mha2mla.RopePlanes;

/**
 * MHA2MLA (arXiv 2502.14837): a few planes of every key head stay rotated, the rest of the keys and the values come
 * from a latent by the SVD of their weights, [K<sub>c</sub>; V] ~ (U S) V<sup>T</sup>. Here as latent attention: the
 * rope key is the rotated planes of all key heads side by side, and a query has zeros where those of other key heads
 * lie. Queries are only permuted.
 *
 * <p>Legend: D model, H query heads, K key heads, E head dimension, M planes a key head keeps, N = E - 2M nope, P = 2KM
 * rope, R rank of the latent.
 */
final class Mha2MlaUpcycler implements Upcycler {
    @Override
    public UpcycledLayer upcycle(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        Mha2MlaPlan detail = plan.mha2mla();
        RopePlanes planes = RopePlanes.of(detail, base, activations);
        RopeFrequencies frequencies = RopeFrequencies.of(
                base.shape().headDim(), base.ropeTheta(), base.shape().ropeScaling());
        LowRank kv = keysAndValues(detail, base, planes);
        String prefix = ParameterNames.layer(plan.layer());
        Map<String, Matrix> tensors = new LinkedHashMap<>();
        tensors.put(
                prefix + ParameterNames.Q_PROJ,
                query(base, planes, Math.pow(frequencies.attentionFactor(), 2))); // (H*(N+P), D)
        tensors.put(prefix + ParameterNames.KV_A_PROJ, Matrix.stack(kv.down(), ropeKey(base, planes))); // (R+P, D)
        tensors.put(prefix + ParameterNames.KV_B_PROJ, perQueryHead(base, planes, kv.up())); // (H*(N+E), R)
        List<Double> ofPlanes = new ArrayList<>();
        planes.ofHeads()
                .forEach(head ->
                        head.forEach(p -> ofPlanes.add(frequencies.inverse().get(p))));
        int parts = detail.settings().denseRopeQueries() ? 1 : base.shape().numKvHeads();
        AttentionConfig attention = attention(plan, base.shape(), new RopeScaling.Explicit(ofPlanes, parts));
        return new UpcycledLayer(
                tensors,
                new LayerReport(
                        plan.layer(), attention, base.shape().kvElementsPerToken(), kv.energyKept(), 1, Double.NaN, 0));
    }

    /** The layer's attention with {@code rope}; scores are scaled as the base's. */
    static AttentionConfig.Mla attention(LayerPlan plan, AttentionConfig.Gqa base, RopeScaling rope) {
        return new AttentionConfig.Mla(
                base.numHeads(),
                0,
                plan.mha2mla().rank(),
                plan.qkNopeHeadDim(),
                plan.qkRopeHeadDim(),
                base.headDim(),
                false,
                false,
                rope,
                AttentionConfig.softmaxScale(base.headDim()));
    }

    /** Down (R, D); up (K*N + K*E, R), with the singular values: unrotated key rows, then value rows. */
    private static LowRank keysAndValues(Mha2MlaPlan detail, BaseAttention base, RopePlanes planes) {
        Matrix keys = unrotatedKeys(base, planes); // (K*N, D)
        SingularValues place = SingularValues.UP;
        if (detail.keyRank() == 0) {
            return LowRank.of(Matrix.stack(keys, base.value()), new RankPolicy.Fixed(detail.rank()), place);
        }
        int ofKeys = detail.keyRank();
        LowRank k = LowRank.of(keys, new RankPolicy.Fixed(ofKeys), place);
        LowRank v = LowRank.of(base.value(), new RankPolicy.Fixed(detail.rank() - ofKeys), place);
        Matrix up = Matrix.build(
                keys.rows() + base.value().rows(),
                detail.rank(),
                (i, j) -> i < keys.rows()
                        ? j < ofKeys ? k.up().get(i, j) : 0
                        : j < ofKeys ? 0 : v.up().get(i - keys.rows(), j - ofKeys)); // (K*N + K*E, R)
        return new LowRank(Matrix.stack(k.down(), v.down()), up, (k.energyKept() + v.energyKept()) / 2);
    }

    private static Matrix unrotatedKeys(BaseAttention base, RopePlanes planes) {
        int e = base.shape().headDim();
        Matrix[] heads = new Matrix[base.shape().numKvHeads()];
        Arrays.setAll(heads, k -> base.key().rows(k * e, (k + 1) * e).selectRows(planes.unrotated(k, e))); // (N, D)
        return Matrix.stack(heads);
    }

    /** First members of the planes of all key heads, then second ones. (P, D) */
    private static Matrix ropeKey(BaseAttention base, RopePlanes planes) {
        int e = base.shape().headDim();
        int numKvHeads = base.shape().numKvHeads();
        Matrix[] parts = new Matrix[2 * numKvHeads];
        for (int k = 0; k < numKvHeads; k++) {
            int[] firsts = planes.firsts(k);
            Matrix head = base.key().rows(k * e, (k + 1) * e); // (E, D)
            parts[k] = head.selectRows(firsts); // (M, D)
            parts[numKvHeads + k] =
                    head.selectRows(Arrays.stream(firsts).map(p -> p + e / 2).toArray()); // (M, D)
        }
        return Matrix.stack(parts);
    }

    /** Per head its unrotated rows, then the rope part, rotated rows times {@code factor}. (H*(N+P), D) */
    private static Matrix query(BaseAttention base, RopePlanes planes, double factor) {
        int e = base.shape().headDim();
        int numKvHeads = base.shape().numKvHeads();
        Matrix[] parts = new Matrix[base.shape().numHeads() * (1 + 2 * numKvHeads)];
        int at = 0;
        for (int i = 0; i < base.shape().numHeads(); i++) {
            int own = i / base.groupSize();
            Matrix head = base.queryHead(i); // (E, D)
            parts[at++] = head.selectRows(planes.unrotated(own, e)); // (N, D)
            for (int second = 0; second <= e / 2; second += e / 2) {
                for (int k = 0; k < numKvHeads; k++) {
                    int shift = second;
                    int[] firsts = planes.firsts(k);
                    parts[at++] = k == own
                            ? head.selectRows(Arrays.stream(firsts)
                                            .map(p -> p + shift)
                                            .toArray())
                                    .scale(factor) // (M, D)
                            : Matrix.zeros(firsts.length, head.cols()); // (M, D)
                }
            }
        }
        return Matrix.stack(parts);
    }

    /** The rows of {@code up} (K*N + K*E, R) that every query head reads. (H*(N+E), R) */
    private static Matrix perQueryHead(BaseAttention base, RopePlanes planes, Matrix up) {
        int e = base.shape().headDim();
        int numKvHeads = base.shape().numKvHeads();
        int n = planes.unrotated(0, e).length;
        Matrix[] parts = new Matrix[2 * base.shape().numHeads()];
        for (int i = 0; i < base.shape().numHeads(); i++) {
            int own = i / base.groupSize();
            int value = numKvHeads * n + own * e;
            parts[2 * i] = up.rows(own * n, (own + 1) * n); // (N, R)
            parts[2 * i + 1] = up.rows(value, value + e); // (E, R)
        }
        return Matrix.stack(parts);
    }
}
