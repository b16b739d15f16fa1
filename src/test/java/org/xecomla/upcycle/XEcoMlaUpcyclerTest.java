package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.linalg.LinearAlgebra;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.BaseAttention;
import org.xecomla.upcycle.base.LayerActivations;
import org.xecomla.upcycle.base.RankPolicy;

class XEcoMlaUpcyclerTest {
    private static final String PREFIX = "model.layers.0.self_attn.";

    private static LayerPlan plan(int kvRank, Integer queryRank, int nope, int rope, RopeRows rows, SingularValues s) {
        return new LayerPlan(
                0,
                UpcycleConfig.Method.XECOMLA,
                new RankPolicy.Fixed(kvRank),
                queryRank == null ? null : new RankPolicy.Fixed(queryRank),
                nope,
                rope,
                rows,
                s,
                false,
                RopeScaling.NONE,
                null);
    }

    private static double difference(Matrix a, Matrix b) {
        return a.minus(b).frobeniusNorm() / b.frobeniusNorm();
    }

    /** Rows of the key or value weight of the group of each query head, only {@code rows} of each head. */
    private static Matrix perQueryHead(BaseAttention base, Matrix keyRows, Matrix valueRows) {
        int e = base.shape().headDim();
        return Matrix.stack(IntStream.range(0, base.shape().numHeads())
                .map(head -> head / base.groupSize() * e)
                .mapToObj(at -> Matrix.stack(keyRows.rows(at, at + e), valueRows.rows(at, at + e)))
                .toArray(Matrix[]::new));
    }

    @ParameterizedTest
    @EnumSource(SingularValues.class)
    void fullRanksReproduceEveryProjection(SingularValues place) {
        RandomBase base = RandomBase.of(6, 2, 8, RopeScaling.NONE, 1, 1);
        BaseAttention attention = base.attention(0);
        UpcycledLayer layer = StudentInitializer.layer(base, plan(32, 48, 8, 4, RopeRows.LAST, place), null);
        Matrix down = layer.tensors().get(PREFIX + "kv_a_proj_with_mqa.weight");
        Matrix up = layer.tensors().get(PREFIX + "kv_b_proj.weight");
        Matrix expected = perQueryHead(attention, attention.key(), attention.value());
        assertEquals(0, difference(up.times(down.rows(0, 32)), expected), 1e-12);
        Matrix query = layer.tensors()
                .get(PREFIX + "q_b_proj.weight")
                .times(layer.tensors().get(PREFIX + "q_a_proj.weight"));
        for (int head = 0; head < 6; head++) {
            Matrix made = query.rows(head * 12, head * 12 + 8);
            assertEquals(0, difference(made, attention.queryHead(head)), 1e-12);
        }
        assertEquals(1, layer.report().kvEnergy(), 1e-12);
        assertEquals(1, layer.report().queryEnergy(), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({"6,2,8", "4,4,6", "8,1,4"})
    void unrepeatedHeadsGiveTheFactorsOfRepeatedOnes(int numHeads, int numKvHeads, int headDim) {
        RandomBase base = RandomBase.of(numHeads, numKvHeads, headDim, RopeScaling.NONE, 1, 2);
        BaseAttention attention = base.attention(0);
        int rank = numKvHeads * headDim;
        UpcycledLayer layer =
                StudentInitializer.layer(base, plan(rank, null, headDim, 2, RopeRows.LAST, SingularValues.DOWN), null);
        Matrix down = layer.tensors().get(PREFIX + "kv_a_proj_with_mqa.weight").rows(0, rank);
        Matrix up = layer.tensors().get(PREFIX + "kv_b_proj.weight");

        int[] repeated = IntStream.range(0, numHeads)
                .flatMap(head -> IntStream.range(0, headDim).map(i -> head / attention.groupSize() * headDim + i))
                .toArray();
        LinearAlgebra.Svd svd = LinearAlgebra.svd(Matrix.stack(
                attention.key().selectRows(repeated), attention.value().selectRows(repeated)));
        for (int i = 0; i < rank; i++) {
            assertEquals(svd.sigma(i), down.rows(i, i + 1).frobeniusNorm(), 1e-12 * svd.sigma(0));
        }
        Matrix cut = svd.u()
                .cols(0, rank)
                .scaleCols(svd.singularValues().cols(0, rank).toDoubles())
                .times(svd.vt().rows(0, rank)); // (2*H*E, D)
        Matrix keys = cut.rows(0, numHeads * headDim);
        Matrix values = cut.rows(numHeads * headDim, cut.rows());
        Matrix expected = Matrix.stack(IntStream.range(0, numHeads)
                .mapToObj(h -> Matrix.stack(
                        keys.rows(h * headDim, (h + 1) * headDim), values.rows(h * headDim, (h + 1) * headDim)))
                .toArray(Matrix[]::new));
        assertEquals(0, difference(up.times(down), expected), 1e-12);
        // columns of the up projection have length 1 as those of the repeated U
        assertEquals(0, difference(up.transposeTimes(up), Matrix.identity(rank)), 1e-12);
    }

    @Test
    void singularValuesUpLeavesAnOrthonormalDownProjection() {
        RandomBase base = RandomBase.of(6, 2, 8, RopeScaling.NONE, 1, 3);
        UpcycledLayer down =
                StudentInitializer.layer(base, plan(10, 20, 4, 4, RopeRows.STRIDE, SingularValues.DOWN), null);
        UpcycledLayer up = StudentInitializer.layer(base, plan(10, 20, 4, 4, RopeRows.STRIDE, SingularValues.UP), null);
        Matrix kvA = up.tensors().get(PREFIX + "kv_a_proj_with_mqa.weight").rows(0, 10);
        Matrix queryA = up.tensors().get(PREFIX + "q_a_proj.weight");
        assertEquals(0, difference(kvA.timesTranspose(kvA), Matrix.identity(10)), 1e-12);
        assertEquals(0, difference(queryA.timesTranspose(queryA), Matrix.identity(20)), 1e-12);
        assertEquals(
                0,
                difference(
                        up.tensors().get(PREFIX + "kv_b_proj.weight").times(kvA),
                        down.tensors()
                                .get(PREFIX + "kv_b_proj.weight")
                                .times(down.tensors()
                                        .get(PREFIX + "kv_a_proj_with_mqa.weight")
                                        .rows(0, 10))),
                1e-12);
    }

    @Test
    void aFullQueryHoldsTheBasesRows() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 1, 4);
        BaseAttention attention = base.attention(0);
        UpcycledLayer layer =
                StudentInitializer.layer(base, plan(10, null, 6, 4, RopeRows.STRIDE, SingularValues.DOWN), null);
        assertFalse(layer.tensors().containsKey(PREFIX + "q_a_proj.weight"));
        Matrix query = layer.tensors().get(PREFIX + "q_proj.weight");
        // planes 0 and 2 of four are rotated; the others come first, then the rotated ones plane by plane, cut at six
        int[] order = {1, 3, 5, 7, 0, 4, 0, 2, 4, 6};
        for (int head = 0; head < 4; head++) {
            assertEquals(
                    0,
                    difference(
                            query.rows(head * 10, head * 10 + 10),
                            attention.queryHead(head).selectRows(order)));
        }
    }

    /** The labels of the paper's tables: cached elements as a share of the base's. */
    @ParameterizedTest
    @CsvSource({
        "8,64,512,32,53.1",
        "8,64,256,32,28.1",
        "8,64,128,32,15.6",
        "8,64,64,32,9.4",
        "8,64,48,32,7.81",
        "8,128,816,64,43.0",
        "8,128,256,64,15.63",
        "8,128,160,64,10.94",
        "32,64,480,32,12.5"
    })
    void kvShareReproducesThePapersTables(int numKvHeads, int headDim, int rank, int rope, double percent) {
        int base = new AttentionConfig.Gqa(numKvHeads, numKvHeads, headDim, RopeScaling.NONE).kvElementsPerToken();
        AttentionConfig latent = new AttentionConfig.Mla(
                numKvHeads, 0, rank, headDim - rope, rope, headDim, false, false, RopeScaling.NONE, 1);
        LayerReport report = new LayerReport(0, latent, base, 1, 1, Double.NaN, 0);
        assertEquals(percent, 100 * report.kvShare(), 0.051);
    }

    @Test
    void aPlainNormHasTheMeanRmsOfTheLatentsAsGain() {
        RandomBase base = RandomBase.of(4, 2, 8, RopeScaling.NONE, 1, 5);
        java.util.Random random = new java.util.Random(6);
        LayerActivations activations = LayerActivations.of(
                Matrix.build(200, base.config().hiddenSize(), (r, c) -> random.nextGaussian() * (1 + r % 2)));
        LayerPlan none = plan(6, null, 4, 4, RopeRows.STRIDE, SingularValues.DOWN);
        LayerPlan norm = new LayerPlan(
                0,
                none.method(),
                none.kvRank(),
                null,
                4,
                4,
                none.ropeRows(),
                none.singularValues(),
                true,
                none.ropeScaling(),
                null);
        UpcycledLayer layer = StudentInitializer.layer(base, norm, activations);
        Matrix gain = layer.tensors().get(PREFIX + "kv_a_layernorm.weight");
        Matrix latents = activations
                .sample()
                .timesTranspose(layer.tensors()
                        .get(PREFIX + "kv_a_proj_with_mqa.weight")
                        .rows(0, 6));
        double mean = IntStream.range(0, 200)
                .mapToDouble(n -> latents.rows(n, n + 1).frobeniusNorm() / Math.sqrt(6))
                .average()
                .getAsDouble();
        for (int i = 0; i < 6; i++) {
            assertEquals(mean, gain.get(0, i), 1e-6 * mean);
        }
        assertEquals(1, layer.attention().kvNorm() ? 1 : 0);
    }
}
