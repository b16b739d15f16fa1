package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.linalg.Matrix;
import org.xecomla.nn.MethodGoldens;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.mha2mla.Mha2MlaPlan;
import org.xecomla.upcycle.mha2mla.RopePlanes;

/** Planes, products and logits of MHA2MLA's fixtures, made from their bases and calibration ids. */
@Tag("shared")
class Mha2MlaGoldenStartTest {
    private static final int NUM_WINDOWS = 6;
    private static final int NUM_SEQUENCES = 2;

    @TempDir
    private Path temporary;

    static RunConfig config(String... settings) {
        Map<String, String> overrides = new HashMap<>(Map.of("upcycle.method", "mha2mla"));
        for (String setting : settings) {
            int at = setting.indexOf('=');
            overrides.put(setting.substring(0, at), setting.substring(at + 1));
        }
        return RunConfig.ofOverrides(overrides);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mha2mla-gqa-2-norm-joint",
                "mha2mla-gqa-low-split",
                "mha2mla-gqa-uniform-split",
                "mha2mla-llama3-2-norm-joint",
                "mha2mla-llama3-high-joint"
            })
    void agreesWithPyTorch(String fixture) {
        JsonNode about = MethodGoldens.about(fixture);
        ModelDirectory directory = MethodGoldens.base(fixture, temporary);
        BaseWeights base = BaseWeights.of(directory);
        SafetensorsFile expected = MethodGoldens.expected(fixture);
        int[] text = Integers.of(expected, "calibration_ids");
        Calibration seen = Goldens.calibration(base, Goldens.windows(text, text.length / NUM_WINDOWS));
        List<UpcycledLayer> layers = plans(about, directory).stream()
                .map(plan -> layer(plan, base, seen, about, expected))
                .toList();
        try (Student student = Goldens.student(base, layers)) {
            double[] logits = Goldens.logits(student, Integers.of(expected, "input_ids"), NUM_SEQUENCES);
            assertEquals(0, Goldens.difference(logits, expected.readDoubles("logits")), 1e-5);
            assertEquals(
                    about.get("cached_elements_per_token_and_layer").asInt(),
                    student.config().attention().get(0).kvElementsPerToken());
        }
    }

    /** The configuration divides a latent of split in halves; fixtures may have others. */
    private static List<LayerPlan> plans(JsonNode about, ModelDirectory base) {
        JsonNode rank = about.get("rank");
        int total = rank.isArray() ? rank.get(0).asInt() + rank.get(1).asInt() : rank.asInt();
        RunConfig config = config(
                "mha2mla.selection=" + about.get("selection").asText(),
                "mha2mla.latent=" + about.get("latent").asText(),
                "mha2mla.uniform-start=" + about.get("uniform_start").asInt(),
                "upcycle.qk-rope-head-dim=" + about.get("rope_dims_per_head").asInt(),
                "upcycle.kv-lora-rank=" + total);
        return UpcyclePlan.of(config.upcycle(), base.config()).layers().stream()
                .map(plan -> LayerPlan.mha2mla(
                        plan.layer(),
                        plan.qkNopeHeadDim(),
                        plan.qkRopeHeadDim(),
                        plan.ropeScaling(),
                        new Mha2MlaPlan(
                                plan.mha2mla().settings(),
                                plan.mha2mla().numPlanes(),
                                rank.isArray() ? rank.get(0).asInt() : 0,
                                total)))
                .toList();
    }

    private static UpcycledLayer layer(
            LayerPlan plan, BaseWeights weights, Calibration seen, JsonNode about, SafetensorsFile expected) {
        int l = plan.layer();
        var base = weights.attention(l);
        RopePlanes planes = RopePlanes.of(plan.mha2mla(), base, seen.layer(l));
        JsonNode ofLayer = about.get("planes").get(l);
        for (int k = 0; k < ofLayer.size(); k++) {
            JsonNode ofHead = ofLayer.get(k);
            assertEquals(
                    IntStream.range(0, ofHead.size())
                            .mapToObj(i -> ofHead.get(i).asInt())
                            .toList(),
                    planes.ofHeads().get(k));
        }
        if (expected.entries().containsKey("plane_scores")) {
            checkScores(RopePlanes.scores(base, seen.layer(l)), expected.readDoubles("plane_scores"), l);
        }
        UpcycledLayer made = StudentInitializer.layer(weights, plan, seen.layer(l));
        checkProduct(made, base.shape(), plan, expected.readDoubles("layer" + l + ".kv_product"));
        return made;
    }

    private static void checkScores(double[][] scores, double[] all, int layer) {
        int size = scores.length * scores[0].length;
        for (int i = 0; i < size; i++) {
            double reference = all[layer * size + i];
            assertEquals(reference, scores[i / scores[0].length][i % scores[0].length], 1e-5 * reference);
        }
    }

    /** Keys' rows of all key heads, then the values', each from the first query head that reads them. */
    private static void checkProduct(UpcycledLayer made, AttentionConfig.Gqa base, LayerPlan plan, double[] expected) {
        String prefix = ParameterNames.layer(plan.layer());
        Matrix down = made.tensors()
                .get(prefix + ParameterNames.KV_A_PROJ)
                .rows(0, plan.mha2mla().rank()); // (R, D)
        Matrix all = made.tensors().get(prefix + ParameterNames.KV_B_PROJ).times(down); // (H*(N+E), D)
        int n = plan.qkNopeHeadDim();
        int e = base.headDim();
        int group = base.numHeads() / base.numKvHeads();
        Matrix[] parts = new Matrix[2 * base.numKvHeads()];
        for (int k = 0; k < base.numKvHeads(); k++) {
            int at = k * group * (n + e);
            parts[k] = all.rows(at, at + n); // (N, D)
            parts[base.numKvHeads() + k] = all.rows(at + n, at + n + e); // (E, D)
        }
        assertEquals(0, Goldens.difference(Matrix.stack(parts).toDoubles(), expected), 1e-5);
    }
}
