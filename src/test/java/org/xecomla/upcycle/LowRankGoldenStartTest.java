package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.linalg.Matrix;
import org.xecomla.nn.MethodGoldens;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.upcycle.base.BaseWeights;
import org.xecomla.upcycle.base.MomentSums;
import org.xecomla.upcycle.lowrank.LayerSpectrum;

/** Ranks, products and logits of fixtures by LoRC, CARE and gradients, from their bases and calibration ids. */
@Tag("shared")
class LowRankGoldenStartTest {
    private static final int NUM_WINDOWS = 6;
    private static final int NUM_SEQUENCES = 2;

    @TempDir
    private Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"lorc-gqa", "lorc-deep", "lorc-bias"})
    void lorc(String fixture) {
        JsonNode about = MethodGoldens.about(fixture);
        ModelDirectory base = MethodGoldens.base(fixture, temporary);
        UpcyclePlan plan = plan(
                base,
                "factors=weight",
                "rank-policy=lorc",
                "kv-budget="
                        + (double) about.get("budget_elements_over_all_layers").asInt()
                                / base.config().kvElementsPerToken());
        assertEquals(
                about.get("budget_elements_over_all_layers").asInt(),
                plan.ranks().total());
        double sum = 0;
        for (int l = plan.layers().size() - 1; l >= 0; l--) {
            sum += StudentInitializer.spectrum(
                            BaseWeights.of(base), plan.layers().get(l), null)
                    .logCondition();
            double expected = about.get("log_cumulative_condition").get(l).asDouble();
            assertEquals(expected, sum, 1e-5 * expected);
        }
        check(fixture, base, plan, about.get("ranks"), about.get("ranks"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"care-gqa-uniform", "care-deep-code", "care-deep-paper", "care-bias-code"})
    void care(String fixture) {
        JsonNode about = MethodGoldens.about(fixture);
        ModelDirectory base = MethodGoldens.base(fixture, temporary);
        int mean = about.get("mean_rank").asInt();
        List<String> settings = new ArrayList<>();
        settings.add(
                "kv-budget=" + 2.0 * mean / base.config().attention().get(0).kvElementsPerToken());
        settings.add("shrinkage="
                + (about.get("shrink").isNull()
                        ? "none"
                        : about.get("shrink").get(0).asText()));
        if (!about.get("rule").isNull()) {
            settings.add("rank-policy=care");
            settings.add("rank-rule=" + about.get("rule").asText());
        }
        UpcyclePlan plan = plan(base, settings.toArray(String[]::new));
        check(fixture, base, plan, about.get("ranks_k"), about.get("ranks_v"));
        checkSpectra(fixture, base, plan);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fisher-gqa", "fisher-bias"})
    void gradients(String fixture) {
        JsonNode about = MethodGoldens.about(fixture);
        ModelDirectory base = MethodGoldens.base(fixture, temporary);
        double total = about.get("budget_elements_over_all_layers").asInt();
        UpcyclePlan plan = plan(
                base,
                "rank-policy=gradient",
                "kv-budget=" + total / base.config().kvElementsPerToken());
        check(fixture, base, plan, about.get("ranks_k"), about.get("ranks_v"));
        SafetensorsFile expected = MethodGoldens.expected(fixture);
        double[][] energies = {expected.readDoubles("eigenvalues_k"), expected.readDoubles("eigenvalues_v")}; // (L, n)
        List<LayerSpectrum> spectra = spectra(fixture, base, plan);
        int n = energies[0].length / spectra.size();
        for (int l = 0; l < spectra.size(); l++) {
            for (int kind = 0; kind < 2; kind++) {
                double largest = energies[kind][l * n];
                for (int i = 0; i < n; i++) {
                    assertEquals(
                            energies[kind][l * n + i], spectra.get(l).energies().get(kind)[i], 1e-5 * largest);
                }
            }
        }
    }

    @Test
    void gradientsOfALatent() {
        String fixture = "fisher-latent-gqa";
        JsonNode about = MethodGoldens.about(fixture);
        ModelDirectory base = MethodGoldens.base(fixture, temporary);
        UpcyclePlan plan = plan(base, "method=aligned", "rank-policy=gradient", "kv-lora-rank=8");
        SafetensorsFile expected = MethodGoldens.expected(fixture);
        double[] energies = expected.readDoubles("eigenvalues"); // (L, n)
        List<LayerSpectrum> spectra = spectra(fixture, base, plan);
        int n = energies.length / spectra.size();
        for (int l = 0; l < spectra.size(); l++) {
            for (int i = 0; i < n; i++) {
                assertEquals(energies[l * n + i], spectra.get(l).energies().get(0)[i], 1e-5 * energies[l * n]);
            }
        }
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                Student student =
                        StudentInitializer.make(base, plan, () -> text(fixture), kernels, ElementType.DOUBLE)) {
            for (int l = 0; l < student.config().numLayers(); l++) {
                AttentionConfig.Mla layer =
                        (AttentionConfig.Mla) student.config().attention().get(l);
                assertEquals(about.get("ranks").get(l).asInt(), layer.kvLoraRank(), "layer " + l);
                String prefix = ParameterNames.layer(l);
                Matrix down = matrix(student, prefix + ParameterNames.KV_A_PROJ).rows(0, layer.kvLoraRank()); // (R, D)
                Matrix made = matrix(student, prefix + ParameterNames.KV_B_PROJ).times(down);
                double[] product = expected.readDoubles("layer" + l + ".kv_product");
                assertEquals(0, Goldens.difference(made.toDoubles(), product), 1e-5, "layer " + l);
            }
            double[] logits = Goldens.logits(student, Integers.of(expected, "input_ids"), NUM_SEQUENCES);
            assertEquals(0, Goldens.difference(logits, expected.readDoubles("logits")), 1e-5);
        }
    }

    /** What {@link StudentInitializer} finds on its way. */
    private static List<LayerSpectrum> spectra(String fixture, ModelDirectory base, UpcyclePlan plan) {
        BaseWeights weights = BaseWeights.of(base);
        Calibration seen = Goldens.calibration(
                weights, text(fixture).stream().map(TokenSequence::ids).toList());
        List<UpcycledLayer> full = plan.gradientsOfStudent()
                ? plan.atFullRank().layers().stream()
                        .map(layer -> StudentInitializer.layer(weights, layer, seen.layer(layer.layer())))
                        .toList()
                : List.of();
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE)) {
            Map<Integer, MomentSums> sums =
                    GradientSource.of(weights, full).moments(full::stream, text(fixture), plan.latentLayers(), kernels);
            return plan.layers().stream()
                    .map(layer -> StudentInitializer.spectrum(
                            weights, layer, seen.layer(layer.layer()).withGradients(sums.get(layer.layer()))))
                    .toList();
        }
    }

    private static void checkSpectra(String fixture, ModelDirectory base, UpcyclePlan plan) {
        SafetensorsFile expected = MethodGoldens.expected(fixture);
        double[] keys = expected.readDoubles("singular_values_k"); // (L, n)
        double[] values = expected.readDoubles("singular_values_v"); // (L, n)
        int n = keys.length / plan.layers().size();
        Calibration seen = Goldens.calibration(
                BaseWeights.of(base),
                text(fixture).stream().map(TokenSequence::ids).toList());
        for (int l = 0; l < plan.layers().size(); l++) {
            LayerSpectrum spectrum = StudentInitializer.spectrum(
                    BaseWeights.of(base), plan.layers().get(l), seen.layer(l));
            for (int i = 0; i < n; i++) {
                assertEquals(keys[l * n + i], Math.sqrt(spectrum.energies().get(0)[i]), 1e-5 * keys[l * n]);
                assertEquals(values[l * n + i], Math.sqrt(spectrum.energies().get(1)[i]), 1e-5 * values[l * n]);
            }
        }
    }

    private static UpcyclePlan plan(ModelDirectory base, String... settings) {
        Map<String, String> overrides = new HashMap<>(Map.of("upcycle.method", "lowrank"));
        for (String setting : settings) {
            int at = setting.indexOf('=');
            overrides.put("upcycle." + setting.substring(0, at), setting.substring(at + 1));
        }
        return UpcyclePlan.of(RunConfig.ofOverrides(overrides).upcycle(), base.config());
    }

    private static List<TokenSequence> text(String fixture) {
        int[] ids = Integers.of(MethodGoldens.expected(fixture), "calibration_ids");
        return Goldens.windows(ids, ids.length / NUM_WINDOWS).stream()
                .map(TokenSequence::of)
                .toList();
    }

    private static void check(
            String fixture, ModelDirectory base, UpcyclePlan plan, JsonNode ofKeys, JsonNode ofValues) {
        SafetensorsFile expected = MethodGoldens.expected(fixture);
        try (Kernels kernels = new NaiveKernels(ElementType.DOUBLE);
                Student student =
                        StudentInitializer.make(base, plan, () -> text(fixture), kernels, ElementType.DOUBLE)) {
            for (int l = 0; l < student.config().numLayers(); l++) {
                AttentionConfig.LowRankGqa layer = (AttentionConfig.LowRankGqa)
                        student.config().attention().get(l);
                assertEquals(ofKeys.get(l).asInt(), layer.keyRank(), "keys of layer " + l);
                assertEquals(ofValues.get(l).asInt(), layer.valueRank(), "values of layer " + l);
                String prefix = ParameterNames.layer(l);
                check(
                        expected,
                        "layer" + l + ".k_product",
                        student,
                        prefix + ParameterNames.K_B_PROJ,
                        prefix + ParameterNames.K_A_PROJ);
                check(
                        expected,
                        "layer" + l + ".v_product",
                        student,
                        prefix + ParameterNames.V_B_PROJ,
                        prefix + ParameterNames.V_A_PROJ);
            }
            double[] logits = Goldens.logits(student, Integers.of(expected, "input_ids"), NUM_SEQUENCES);
            assertEquals(0, Goldens.difference(logits, expected.readDoubles("logits")), 1e-5);
        }
    }

    private static void check(SafetensorsFile expected, String product, Student student, String up, String down) {
        Matrix made = matrix(student, up).times(matrix(student, down));
        assertEquals(0, Goldens.difference(made.toDoubles(), expected.readDoubles(product)), 1e-5, product);
    }

    private static Matrix matrix(Student student, String name) {
        var tensor = student.weights().get(name);
        return Matrix.of(tensor.rows(), tensor.cols(), tensor.toDoubles());
    }
}
