package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.loss.ForwardKl;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** Logits, loss and gradients of layers whose keys and values are products, with the stored weights of PyTorch's. */
@Tag("shared")
class LowRankGoldenTest {
    private static final int B = 2;
    private static final int T = 19;
    private static final List<String> FIXTURES = List.of(
            "lorc-gqa",
            "lorc-deep",
            "lorc-bias",
            "care-gqa-uniform",
            "care-deep-code",
            "care-deep-paper",
            "care-bias-code",
            "fisher-gqa",
            "fisher-bias");

    @TempDir
    private Path temporary;

    static Stream<Arguments> fixturesAndKernels() {
        return FIXTURES.stream().flatMap(name -> KernelChoice.all().stream().map(choice -> Arguments.of(name, choice)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("fixturesAndKernels")
    void agreesWithPyTorch(String fixture, KernelChoice choice) {
        SafetensorsFile expected = MethodGoldens.expected(fixture);
        ModelDirectory base = MethodGoldens.base(fixture, temporary);
        ModelConfig config = shape(base.config(), expected);
        ParameterLayout layout = CausalLm.layout(config, name -> true);
        try (Kernels kernels = choice.make();
                ParameterStore weights = Tensors.zeros(layout, kernels.type());
                ParameterStore gradients = Tensors.zerosOfTrainable(layout, kernels.type());
                CausalLm model = new CausalLm(config, weights, gradients, kernels, T)) {
            for (String name : layout.places().keySet()) {
                if (expected.entries().containsKey("w." + name)) {
                    weights.get(name).write(expected.readDoubles("w." + name));
                } else {
                    base.load(name, weights.get(name));
                }
            }
            checkLogits(model, expected);
            checkGradients(model, expected);
        }
    }

    private static ModelConfig shape(ModelConfig base, SafetensorsFile expected) {
        List<AttentionConfig> layers = new ArrayList<>();
        for (int l = 0; l < base.numLayers(); l++) {
            layers.add(new AttentionConfig.LowRankGqa(
                    (AttentionConfig.Gqa) base.attention().get(l),
                    rank(expected, l, ParameterNames.K_A_PROJ),
                    rank(expected, l, ParameterNames.V_A_PROJ)));
        }
        return base.withAttention(layers);
    }

    private static int rank(SafetensorsFile expected, int layer, String down) {
        return expected.entry("w." + ParameterNames.layer(layer) + down)
                .shape()
                .get(0)
                .intValue();
    }

    private static void checkLogits(CausalLm model, SafetensorsFile expected) {
        int[] ids = Integers.of(expected, "input_ids"); // (B*T)
        long size = model.arenaBytes((m, arena) -> m.hiddenStates(ids, B, arena, null));
        try (Arena arena = Arena.of(model.kernels(), size)) {
            Tensor logits =
                    Tensors.zeros(model.kernels().type(), B * T, model.config().vocabSize()); // (B*T, V)
            model.logits(model.hiddenStates(ids, B, arena, null), logits);
            double error = Goldens.relativeError(logits.toDoubles(), expected.readDoubles("logits"));
            assertTrue(error < 1e-5, "logits differ by " + error);
        }
    }

    private static void checkGradients(CausalLm model, SafetensorsFile expected) {
        int[] ids = Integers.of(expected, "input_ids"); // (B*T)
        ForwardKl loss = new ForwardKl(
                SoftTargets.dense(
                        expected.readDoubles("teacher_logits"), model.config().vocabSize(), 1),
                1,
                1.0 / (B * T));
        long size = model.arenaBytes((m, arena) -> m.lossAndGradients(ids, Sequences.of(B, ids.length), loss, arena));
        try (Arena arena = Arena.of(model.kernels(), size)) {
            LossSums sums = model.lossAndGradients(ids, Sequences.of(B, ids.length), loss, arena);
            double off = Goldens.relativeError(sums.kl(), expected.readDoubles("kd_loss")[0]);
            assertTrue(off < 1e-5, "loss differs by " + off);
        }
        int numChecked = 0;
        for (String name : model.weights().layout().places().keySet()) {
            if (expected.entries().containsKey("kd_grad." + name)) {
                double[] made = model.gradients().get(name).toDoubles();
                double error = Goldens.relativeError(made, expected.readDoubles("kd_grad." + name));
                double bound = model.kernels().type() == ElementType.DOUBLE ? 1e-5 : 1e-4;
                assertTrue(error < bound, name + ": gradient differs by " + error);
                numChecked++;
            }
        }
        assertTrue(numChecked >= 5, numChecked + " gradients checked");
    }
}
