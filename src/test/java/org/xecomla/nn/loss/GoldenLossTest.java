package org.xecomla.nn.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.nn.Goldens;
import org.xecomla.nn.KernelChoice;
import org.xecomla.nn.SoftTargets;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** Losses and their gradients for given logits and mask, which PyTorch computed in double. */
class GoldenLossTest {
    private static final int SAMPLES = 12;
    private static final int K = 6;

    private final SafetensorsFile expected = Goldens.expected("losses");
    private final double[] student = expected.readDoubles("student_logits"); // (N, V)
    private final double[] teacher = expected.readDoubles("teacher_logits"); // (N, V)
    private final double[] mask = expected.readDoubles("mask"); // (N)
    private final int numRows = mask.length;
    private final int vocabSize = student.length / numRows;
    private final double scale = 1 / Arrays.stream(mask).sum();

    static Iterable<KernelChoice> kernels() {
        return KernelChoice.all();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void forwardKl(KernelChoice choice) {
        check(choice, "forward_kl", new ForwardKl(dense(1), 1, scale));
        check(choice, "forward_kl_T2", new ForwardKl(dense(2), 2, 4 * scale));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void reverseKl(KernelChoice choice) {
        check(choice, "reverse_kl", new ReverseKl(dense(1), 1, scale));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void topKWithTail(KernelChoice choice) {
        check(choice, "topk6_tail_kl", new ForwardKl(topK(), 1, scale));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void sampled(KernelChoice choice) {
        check(choice, "sampled12_ce", new ForwardKl(sampled(), 1, scale));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void crossEntropy(KernelChoice choice) {
        int[] labels = Integers.of(expected, "labels");
        for (int n = 0; n < numRows; n++) {
            labels[n] = mask[n] == 0 ? -1 : labels[n];
        }
        check(choice, "cross_entropy", new CrossEntropy(labels, scale));
    }

    private void check(KernelChoice choice, String name, TokenLoss loss) {
        try (Kernels kernels = choice.make();
                Arena arena = Arena.of(kernels, 1 << 12)) {
            Tensor logits = Tensors.of(kernels.type(), numRows, vocabSize, student); // (N, V)
            LossSums sums = loss.apply(logits, true, kernels, arena); // (N, V)
            assertEquals(Arrays.stream(mask).sum(), sums.numKl() + sums.numCe());
            double value = weight(loss) * (sums.klSum() + sums.ceSum());
            double lossError = Goldens.relativeError(value, expected.readDoubles(name)[0]);
            assertTrue(lossError < 1e-6, name + " differs by " + lossError);
            double error = Goldens.relativeError(logits.toDoubles(), expected.readDoubles(name + ".grad"));
            assertTrue(error < 1e-5, name + ": gradient differs by " + error);
        }
    }

    private static double weight(TokenLoss loss) {
        return ((SoftmaxLoss) loss).weight();
    }

    private SoftLabels dense(double temperature) {
        SoftLabels.Dense dense = SoftTargets.dense(teacher, vocabSize, temperature);
        for (int n = 0; n < numRows; n++) {
            if (mask[n] == 0) {
                Arrays.fill(dense.probabilities(), n * vocabSize, (n + 1) * vocabSize, 0);
            }
        }
        return dense;
    }

    private SoftLabels topK() {
        int[] ids = Integers.of(expected, "topk6_ids");
        double[] logProbabilities = expected.readDoubles("topk6_logprobs");
        double[] tailLogProbability = expected.readDoubles("topk6_tail_logprob");
        float[] probabilities = new float[ids.length];
        float[] tail = new float[numRows];
        for (int i = 0; i < ids.length; i++) {
            boolean masked = mask[i / K] == 0;
            ids[i] = masked ? -1 : ids[i];
            probabilities[i] = masked ? 0 : (float) Math.exp(logProbabilities[i]);
            tail[i / K] = masked ? 0 : (float) Math.exp(tailLogProbability[i / K]);
        }
        return new SoftLabels.TopK(numRows, K, ids, probabilities, tail);
    }

    private SoftLabels sampled() {
        int[] draws = Integers.of(expected, "sampled12_ids");
        int[] ids = new int[draws.length];
        float[] weights = new float[draws.length];
        Arrays.fill(ids, -1);
        for (int i = 0; i < draws.length; i++) {
            int row = i / SAMPLES * SAMPLES;
            int at = row;
            while (ids[at] >= 0 && ids[at] != draws[i]) {
                at++;
            }
            if (mask[i / SAMPLES] != 0) {
                ids[at] = draws[i];
                weights[at] += 1f / SAMPLES;
            }
        }
        return new SoftLabels.Sampled(numRows, SAMPLES, ids, weights);
    }
}
