package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.RopeRowOrder;
import org.xecomla.formats.checkpoint.StoredWeight;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.nn.loss.ForwardKl;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.nn.loss.TokenLoss;
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

/**
 * Logits, losses and every gradient of the golden models, which PyTorch computed in double. The worst errors are left
 * in {@code target/golden-errors.txt}.
 */
class GoldenModelTest {
    private static final int B = 3;
    private static final int T = 23;
    private static final Map<String, String> MEASURED = new TreeMap<>();

    /** What a type can reach: float as golden/README.md asks, double up to the rounding of the stored weights. */
    private record Tolerance(double logits, double loss, double gradient) {
        static Tolerance of(ElementType type) {
            return type == ElementType.FLOAT ? new Tolerance(1e-5, 1e-6, 1e-4) : new Tolerance(1e-6, 1e-6, 5e-6);
        }
    }

    static Stream<Arguments> modelsAndKernels() {
        return Goldens.models().stream()
                .flatMap(dir -> KernelChoice.all().stream().map(choice -> Arguments.of(dir.getName(), choice, dir)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("modelsAndKernels")
    void agreesWithPyTorch(String fixture, KernelChoice choice, Path dir) {
        ModelDirectory directory = ModelDirectory.open(dir);
        ParameterLayout layout = CausalLm.layout(directory.config(), name -> true);
        try (Kernels kernels = choice.make();
                ParameterStore weights = Tensors.zeros(layout, kernels.type());
                ParameterStore gradients = Tensors.zerosOfTrainable(layout, kernels.type());
                CausalLm model = new CausalLm(directory.config(), weights, gradients, kernels, T)) {
            directory.load(weights);
            new Run(fixture + " " + choice, model, directory, Goldens.expected(fixture)).check();
        }
    }

    /** One model's checks. */
    private record Run(
            String what,
            CausalLm model,
            ModelDirectory directory,
            SafetensorsFile expected,
            int[] ids,
            Tolerance tolerance) {
        Run(String what, CausalLm model, ModelDirectory directory, SafetensorsFile expected) {
            this(
                    what,
                    model,
                    directory,
                    expected,
                    Integers.of(expected, "input_ids"),
                    Tolerance.of(model.kernels().type()));
        }

        void check() {
            StringJoiner line = new StringJoiner(", ");
            line.add(checkLogits());
            double ofLabels = 1.0 / (B * (T - 1));
            line.add(checkLoss("ce", new CrossEntropy(SoftTargets.nextTokens(ids, B), ofLabels), B * (T - 1)));
            if (expected.entries().containsKey("teacher_logits")) {
                TokenLoss loss = new ForwardKl(teacher(), 1, 1.0 / (B * T));
                line.add(checkLoss("kd", loss, B * T));
            }
            MEASURED.put(what, line.toString());
        }

        private String checkLogits() {
            ElementType type = model.kernels().type();
            long size = model.arenaBytes((m, arena) -> m.hiddenStates(ids, B, arena, null));
            try (Arena arena = Arena.of(model.kernels(), size)) {
                Tensor hidden = model.hiddenStates(ids, B, arena, null); // (B*T, D)
                Tensor logits = Tensors.zeros(type, B * T, model.config().vocabSize()); // (B*T, V)
                model.logits(hidden, logits);
                double error = Goldens.relativeError(logits.toDoubles(), expected.readDoubles("logits"));
                assertTrue(error < tolerance.logits, what + ": logits differ by " + error);
                return String.format(Locale.ROOT, "logits %.1e", error);
            }
        }

        private SoftLabels teacher() {
            int vocabSize = model.config().vocabSize();
            return SoftTargets.dense(expected.readDoubles("teacher_logits"), vocabSize, 1);
        }

        private String checkLoss(String kind, TokenLoss loss, int numPositions) {
            model.gradients()
                    .segments()
                    .forEach(segment -> model.kernels().elementwise().fill(segment, 0));
            long size =
                    model.arenaBytes((m, arena) -> m.lossAndGradients(ids, Sequences.of(B, ids.length), loss, arena));
            LossSums sums;
            try (Arena arena = Arena.of(model.kernels(), size)) {
                assertEquals(
                        sumsOf(loss, arena),
                        sums = model.lossAndGradients(ids, Sequences.of(B, ids.length), loss, arena));
            }
            assertEquals(numPositions, sums.numKl() + sums.numCe());
            double lossError =
                    Goldens.relativeError(sums.kl() + sums.crossEntropy(), expected.readDoubles(kind + "_loss")[0]);
            assertTrue(lossError < tolerance.loss, what + ": " + kind + " loss differs by " + lossError);
            double worst = 0;
            String worstName = "";
            for (String name : model.weights().layout().places().keySet()) {
                double error = gradientError(name, kind);
                assertTrue(error < tolerance.gradient, what + ": " + kind + " gradient of " + name + ": " + error);
                if (error > worst) {
                    worst = error;
                    worstName = name;
                }
            }
            return String.format(Locale.ROOT, "%s loss %.1e grad %.1e (%s)", kind, lossError, worst, worstName);
        }

        private LossSums sumsOf(TokenLoss loss, Arena arena) {
            return model.loss(ids, Sequences.of(B, ids.length), loss, arena);
        }

        /**
         * Golden gradients are of the checkpoint's tensors, in their row order: one may be several parameters, and
         * those be multiplied by factors.
         */
        private double gradientError(String name, String kind) {
            Tensor gradient = model.gradients().get(name); // (rows, cols)
            RopeRowOrder order = RopeRowOrder.of(model.config(), name);
            double[] inside = gradient.toDoubles();
            double[] stored = new double[inside.length];
            int cols = gradient.cols();
            for (int row = 0; row < gradient.rows(); row++) {
                System.arraycopy(inside, order.inside(row) * cols, stored, row * cols, cols);
            }
            StoredWeight weight = directory.located(name);
            double[] ofTensor =
                    expected.readDoubles(kind + "_grad." + weight.entry().name());
            double[] golden =
                    Arrays.copyOfRange(ofTensor, (int) weight.first(), (int) (weight.first() + weight.numElements()));
            return Goldens.relativeError(
                    Arrays.stream(stored).map(dX -> dX * weight.factor()).toArray(), golden);
        }
    }

    @AfterAll
    static void writeMeasured() {
        StringBuilder text = new StringBuilder();
        MEASURED.forEach(
                (what, line) -> text.append(what).append(": ").append(line).append('\n'));
        DataFiles.writeString(DataFiles.path("target/golden-errors.txt"), text.toString());
    }
}
