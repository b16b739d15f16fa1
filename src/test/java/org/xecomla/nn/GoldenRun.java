package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.apache.hadoop.fs.Path;
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
 * A golden model's logits, losses and every gradient against what PyTorch computed in double.
 *
 * @param what it is called in messages
 * @param directory that {@code model} was read from
 */
public record GoldenRun(
        String what,
        CausalLm model,
        ModelDirectory directory,
        SafetensorsFile expected,
        int[] ids,
        Tolerance tolerance) {
    private static final int B = 3;
    private static final int T = 23;

    /** What a type can reach: float as golden/README.md asks, double up to the rounding of the stored weights. */
    private record Tolerance(double logits, double loss, double gradient) {
        static Tolerance of(ElementType type) {
            return type == ElementType.FLOAT ? new Tolerance(1e-5, 1e-6, 1e-4) : new Tolerance(1e-6, 1e-6, 5e-6);
        }
    }

    /** What one loss is off by: itself, and the worst of its gradients. */
    private record LossErrors(String kind, double loss, double gradient, String worstName) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s loss %.1e grad %.1e (%s)", kind, loss, gradient, worstName);
        }
    }

    /**
     * The largest relative errors.
     *
     * @param line says them, with the loss and the parameter that they belong to
     */
    public record Errors(double logits, double gradient, String line) {}

    /** Fails where an error is larger than the kernels' type explains. */
    public static Errors check(String what, Path dir, Kernels kernels) {
        ModelDirectory directory = ModelDirectory.open(dir);
        ParameterLayout layout = CausalLm.layout(directory.config(), name -> true);
        try (ParameterStore weights = Tensors.zeros(layout, kernels.type());
                ParameterStore gradients = Tensors.zerosOfTrainable(layout, kernels.type());
                CausalLm model = new CausalLm(directory.config(), weights, gradients, kernels, T)) {
            directory.load(weights);
            return new GoldenRun(what, model, directory, Goldens.expected(dir.getName())).check();
        }
    }

    private GoldenRun(String what, CausalLm model, ModelDirectory directory, SafetensorsFile expected) {
        this(
                what,
                model,
                directory,
                expected,
                Integers.of(expected, "input_ids"),
                Tolerance.of(model.kernels().type()));
    }

    private Errors check() {
        double logits = logitsError();
        double ofLabels = 1.0 / (B * (T - 1));
        List<LossErrors> losses = new ArrayList<>();
        losses.add(lossErrors("ce", new CrossEntropy(SoftTargets.nextTokens(ids, B), ofLabels), B * (T - 1)));
        if (expected.entries().containsKey("teacher_logits")) {
            losses.add(lossErrors("kd", new ForwardKl(teacher(), 1, 1.0 / (B * T)), B * T));
        }
        StringJoiner line = new StringJoiner(", ").add(String.format(Locale.ROOT, "logits %.1e", logits));
        losses.forEach(loss -> line.add(loss.toString()));
        double worst = losses.stream().mapToDouble(LossErrors::gradient).max().orElseThrow();
        return new Errors(logits, worst, line.toString());
    }

    private double logitsError() {
        ElementType type = model.kernels().type();
        long size = model.arenaBytes((m, arena) -> m.hiddenStates(ids, B, arena, null));
        try (Arena arena = Arena.of(model.kernels(), size)) {
            Tensor hidden = model.hiddenStates(ids, B, arena, null); // (B*T, D)
            Tensor logits = Tensors.zeros(type, B * T, model.config().vocabSize()); // (B*T, V)
            model.logits(hidden, logits);
            double error = Goldens.relativeError(logits.toDoubles(), expected.readDoubles("logits"));
            assertTrue(error < tolerance.logits, what + ": logits differ by " + error);
            return error;
        }
    }

    private SoftLabels teacher() {
        int vocabSize = model.config().vocabSize();
        return SoftTargets.dense(expected.readDoubles("teacher_logits"), vocabSize, 1);
    }

    private LossErrors lossErrors(String kind, TokenLoss loss, int numPositions) {
        model.gradients()
                .segments()
                .forEach(segment -> model.kernels().elementwise().fill(segment, 0));
        long size = model.arenaBytes((m, arena) -> m.lossAndGradients(ids, Sequences.of(B, ids.length), loss, arena));
        LossSums sums;
        try (Arena arena = Arena.of(model.kernels(), size)) {
            assertEquals(
                    sumsOf(loss, arena), sums = model.lossAndGradients(ids, Sequences.of(B, ids.length), loss, arena));
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
        return new LossErrors(kind, lossError, worst, worstName);
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
