package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.UpcycleConfig;
import org.xecomla.config.UpcycleConfig.RopeRows;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.files.DataFiles;
import org.xecomla.linalg.Matrix;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.RankPolicy;

/** Students made from their bases against the fixtures' weights and logits. */
class GoldenStartTest {

    private static JsonNode about(String name) throws IOException {
        try (InputStream in = DataFiles.openStream(new Path(Goldens.path(name), "about.json"))) {
            return new ObjectMapper().readTree(in);
        }
    }

    /** The plan that gives the layers the shapes that the fixture has. */
    private static LayerPlan plan(int layer, AttentionConfig.Mla shape, UpcycleConfig.Method method, RopeRows rows) {
        return new LayerPlan(
                layer,
                method,
                new RankPolicy.Fixed(shape.kvLoraRank()),
                shape.qLoraRank() == 0 ? null : new RankPolicy.Fixed(shape.qLoraRank()),
                shape.qkNopeHeadDim(),
                shape.qkRopeHeadDim(),
                rows,
                SingularValues.DOWN,
                shape.kvNorm(),
                shape.ropeScaling(),
                null);
    }

    private static double logitsDifference(
            String name, BaseWeights base, List<UpcycledLayer> layers, ElementType type) {
        SafetensorsFile expected = Goldens.tensors(name, "expected.safetensors");
        int[] ids = Integers.of(expected, "input_ids");
        try (Student student = Goldens.student(base, layers, type)) {
            double[] logits = Goldens.logits(student, ids, 3);
            return Goldens.difference(logits, Goldens.widen(expected.readFloats("logits")));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mla-gqa-tied-last",
                "mla-gqa-tied-stride",
                "mla-gqa-llama3rope-last",
                "mla-gqa-llama3rope-stride"
            })
    void xecomlaMakesTheFixture(String name) throws IOException {
        BaseWeights base = Goldens.model(about(name).get("base").asText());
        BaseWeights golden = Goldens.model(name);
        RopeRows rows = RopeRows.valueOf(about(name).get("rope_pick").asText().toUpperCase(java.util.Locale.ROOT));
        List<UpcycledLayer> layers = new ArrayList<>();
        for (int l = 0; l < base.config().numLayers(); l++) {
            AttentionConfig.Mla shape =
                    (AttentionConfig.Mla) golden.config().attention().get(l);
            UpcycledLayer layer =
                    StudentInitializer.layer(base, plan(l, shape, UpcycleConfig.Method.XECOMLA, rows), null);
            assertEquals(shape, layer.attention());
            assertProducts(golden, l, layer);
            layers.add(layer);
        }
        assertEquals(0, logitsDifference(name, base, layers, ElementType.DOUBLE), 1e-5);
    }

    private static void assertProducts(BaseWeights golden, int l, UpcycledLayer layer) {
        String prefix = ParameterNames.layer(l) + "self_attn.";
        AttentionConfig.Mla shape = layer.attention();
        int d = golden.config().hiddenSize();
        int r = shape.kvLoraRank();
        Matrix queryA = read(golden, prefix + "q_a_proj.weight", shape.qLoraRank(), d);
        Matrix queryB =
                read(golden, prefix + "q_b_proj.weight", shape.numHeads() * shape.qkHeadDim(), shape.qLoraRank());
        Matrix kvA = read(golden, prefix + "kv_a_proj_with_mqa.weight", r + shape.qkRopeHeadDim(), d);
        Matrix kvB = read(
                golden, prefix + "kv_b_proj.weight", shape.numHeads() * (shape.qkNopeHeadDim() + shape.vHeadDim()), r);
        var made = layer.tensors();
        Matrix madeA = made.get(prefix + "kv_a_proj_with_mqa.weight");
        assertClose(
                queryB.times(queryA), made.get(prefix + "q_b_proj.weight").times(made.get(prefix + "q_a_proj.weight")));
        assertClose(
                kvB.times(kvA.rows(0, r)), made.get(prefix + "kv_b_proj.weight").times(madeA.rows(0, r)));
        assertClose(kvA.rows(r, kvA.rows()), madeA.rows(r, madeA.rows()));
        // singular values in the down projections: rows of the same length
        for (int i = 0; i < r; i++) {
            assertEquals(
                    1, madeA.rows(i, i + 1).frobeniusNorm() / kvA.rows(i, i + 1).frobeniusNorm(), 1e-6);
        }
    }

    private static Matrix read(BaseWeights model, String name, int rows, int cols) {
        return Matrix.ofFloats(rows, cols, model.read(name));
    }

    private static void assertClose(Matrix expected, Matrix made) {
        assertEquals(0, made.minus(expected).frobeniusNorm() / expected.frobeniusNorm(), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "aligned-gqa-tied-r8-fold1",
                "aligned-gqa-tied-r8-fold1-norm",
                "aligned-gqa-tied-r6-fold2",
                "aligned-gqa-llama3rope-r24-fold1-norm"
            })
    void alignedMakesTheFixture(String name) throws IOException {
        assertEquals(0, alignedDifference(name, ElementType.DOUBLE), 1e-5);
        assertEquals(0, alignedDifference(name, ElementType.FLOAT), 1e-4);
    }

    private static double alignedDifference(String name, ElementType type) throws IOException {
        BaseWeights base = Goldens.model(about(name).get("base").asText());
        BaseWeights golden = Goldens.model(name);
        int[] ids = Integers.of(Goldens.tensors(name, "calibration.safetensors"), "input_ids");
        Calibration calibration = Goldens.calibration(base, Goldens.windows(ids, 64), type);
        assertEquals(512, calibration.numTokens());
        List<UpcycledLayer> layers = new ArrayList<>();
        for (int l = 0; l < base.config().numLayers(); l++) {
            AttentionConfig.Mla shape =
                    (AttentionConfig.Mla) golden.config().attention().get(l);
            LayerPlan plan = plan(l, shape, UpcycleConfig.Method.ALIGNED, RopeRows.FOLD);
            UpcycledLayer layer = StudentInitializer.layer(base, plan, calibration.layer(l));
            assertEquals(shape, layer.attention());
            assertTrue(layer.report().kvEnergy() > 0.2 && layer.report().kvEnergy() < 1);
            layers.add(layer);
        }
        return logitsDifference(name, base, layers, type);
    }
}
