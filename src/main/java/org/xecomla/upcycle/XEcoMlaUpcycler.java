package org.xecomla.upcycle;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.LowRank;

/**
 * X-EcoMLA's initialisation (arXiv 2503.11132, section 3.2, and AMD's code): one SVD of the query weight, one of keys
 * and values together, the rope key the mean of the key heads.
 *
 * <p>The code repeats every key head for the queries that share it before its SVD. Singular vectors of the stack
 * without repetition are the same but for factors: S' = sqrt(g) S, U' = U / sqrt(g) with each head's rows repeated, g
 * queries a key head. That is what is computed here. Its quirk of giving the last layer the rank of the one before is
 * not copied.
 *
 * <p>Legend: D model, H query heads, K key heads, E head dimension, N nope, P rope, Q and R ranks of query and KV
 * latent.
 */
final class XEcoMlaUpcycler implements Upcycler {

    @Override
    public UpcycledLayer upcycle(LayerPlan plan, BaseAttention base, LayerActivations activations) {
        int e = base.shape().headDim();
        int nopeDim = base.normed() == null ? plan.qkNopeHeadDim() : e - plan.qkRopeHeadDim();
        HeadRows rows = plan.ropeRows() == RopeRows.LAST
                ? HeadRows.last(e, nopeDim, plan.qkRopeHeadDim())
                : HeadRows.stride(e, nopeDim, plan.qkRopeHeadDim());
        LatentQuery query = query(plan, base, rows);
        LowRank kv = keysAndValues(plan, base, rows);
        LatentNorm norm = plan.kvNorm() ? LatentNorm.plain(kv.down(), activations) : LatentNorm.NONE;
        return new LatentLayer(query, kv, ropeKey(base, rows), norm, plan.ropeScaling(), Double.NaN).finish(plan, base);
    }

    private static LatentQuery query(LayerPlan plan, BaseAttention base, HeadRows rows) {
        if (base.normed() != null) {
            Matrix whole = wholeQueries(plan, base, rows); // (H*(E+P), D)
            return plan.queryRank() == null
                    ? LatentQuery.full(whole)
                    : LatentQuery.of(LowRank.of(whole, plan.queryRank(), plan.singularValues()));
        }
        int[] selected = rows.ofHeads(base.shape().numHeads(), base.shape().headDim());
        if (plan.queryRank() == null) {
            return LatentQuery.full(base.query().selectRows(selected)); // (H*(N+P), D)
        }
        LowRank factors = LowRank.of(base.query(), plan.queryRank(), plan.singularValues());
        return new LatentQuery(factors.down(), factors.up().selectRows(selected), factors.energyKept());
    }

    /**
     * Per head the base's own queries, whose rms is needed, and once more those that are rotated: with norms. The rows
     * of keys that the former would ask for what is rotated are 0 ({@link #keysAndValues}). (H*(E+P), D)
     */
    private static Matrix wholeQueries(LayerPlan plan, BaseAttention base, HeadRows rows) {
        double rotated = plan.rotatedFactor(base, plan.ropeScaling());
        return Matrix.stack(IntStream.range(0, base.shape().numHeads())
                .mapToObj(head -> Matrix.stack(
                        base.unrotatedQuery(head, 1),
                        base.queryHead(head).selectRows(rows.rope()).scale(rotated * base.rotatedFactor(head))))
                .toArray(Matrix[]::new));
    }

    /** Down (R, D); up (H*(N+E), R), per query head N key rows, then E value rows. */
    private static LowRank keysAndValues(LayerPlan plan, BaseAttention base, HeadRows rows) {
        double root = Math.sqrt(base.groupSize());
        Matrix stacked = Matrix.stack(base.key(), base.value()); // (2*K*E, D)
        LowRank factors = LowRank.of(stacked, plan.kvRank(), plan.singularValues());
        boolean inDown = plan.singularValues() == SingularValues.DOWN;
        Matrix down = inDown ? factors.down().scale(root) : factors.down(); // (R, D)
        Matrix up = base.normed() == null
                ? factors.up().selectRows(upRows(base, rows.nopeRows())) // (H*(N+E), R)
                : wholeKeys(base, factors.up(), rows); // (H*(E+E), R)
        return new LowRank(down, inDown ? up.scale(1 / root) : up, factors.energyKept());
    }

    /** With norms: of each head all key rows, 0 where the rope key stands for them, then its value rows. */
    private static Matrix wholeKeys(BaseAttention base, Matrix stacked, HeadRows rows) {
        int e = base.shape().headDim();
        int[] all = IntStream.range(0, e).toArray();
        Set<Integer> rotated = Arrays.stream(rows.rope()).boxed().collect(Collectors.toSet());
        double[] kept = new double[base.shape().numHeads() * 2 * e];
        Arrays.setAll(kept, row -> row % (2 * e) < e && rotated.contains(row % (2 * e)) ? 0 : 1);
        return stacked.selectRows(upRows(base, all)).scaleRows(kept); // (H*(E+E), R)
    }

    /**
     * Rows of a stack [keys; values] (2*K*E, any) in the order of kv_b: per query head its key rows, then its value
     * rows.
     */
    static int[] upRows(BaseAttention base, int[] keyRows) {
        int e = base.shape().headDim();
        int numKeyRows = base.key().rows();
        return IntStream.range(0, base.shape().numHeads())
                .map(head -> head / base.groupSize() * e)
                .flatMap(at -> IntStream.concat(
                        Arrays.stream(keyRows).map(i -> at + i), IntStream.range(numKeyRows + at, numKeyRows + at + e)))
                .toArray();
    }

    /** The rotated dimensions of the mean key head. (P, D) */
    private static Matrix ropeKey(BaseAttention base, HeadRows rows) {
        int e = base.shape().headDim();
        int numKvHeads = base.shape().numKvHeads();
        Matrix mean = Matrix.zeros(e, base.inputSize()); // (E, D)
        for (int head = 0; head < numKvHeads; head++) {
            mean = mean.plus(base.key().rows(head * e, (head + 1) * e));
        }
        return mean.scale(1.0 / numKvHeads).selectRows(rows.rope());
    }
}
