package org.xecomla.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** On golden models, in double. Their three sequences of 23 tokens are the windows. */
class EvaluatorTest {
    private static final int LENGTH = 23;

    private static Path golden(String name) {
        return DataFiles.path("src/test/resources/golden/" + name);
    }

    private static CausalLm model(String name) {
        ModelDirectory directory = ModelDirectory.open(golden(name));
        ParameterStore weights = Tensors.zeros(CausalLm.layout(directory.config(), n -> false), ElementType.DOUBLE);
        directory.load(weights);
        return new CausalLm(directory.config(), weights, null, new NaiveKernels(ElementType.DOUBLE), LENGTH);
    }

    private static List<TokenSequence> sequences(List<int[]> windows) {
        return windows.stream().map(TokenSequence::of).toList();
    }

    private static List<int[]> windows(String name) {
        float[] ids =
                SafetensorsFile.open(golden(name + "/expected.safetensors")).readFloats("input_ids");
        List<int[]> windows = new ArrayList<>();
        for (int from = 0; from < ids.length; from += LENGTH) {
            int[] window = new int[LENGTH];
            for (int t = 0; t < LENGTH; t++) {
                window[t] = (int) ids[from + t];
            }
            windows.add(window);
        }
        return windows;
    }

    @Test
    void lossIsPyTorchsOverTheShiftedPositions() {
        for (String name : List.of("llama-gqa-tied", "mla-serving")) {
            float expected =
                    SafetensorsFile.open(golden(name + "/expected.safetensors")).readFloats("ce_loss")[0];
            for (int batchWindows : List.of(1, 2, 3)) {
                try (Evaluator evaluator = new Evaluator(model(name), null, LENGTH, batchWindows)) {
                    EvalSums sums = evaluator.evaluate(sequences(windows(name)));
                    assertEquals(3 * 22, sums.numTokens());
                    assertEquals(expected, sums.lossSum() / sums.numTokens(), 1e-6 * expected);
                    assertEquals(0, sums.numKlPositions());
                }
            }
        }
    }

    @Test
    void divergenceIsOverAllPositions() {
        CausalLm student = model("mla-gqa-tied-last");
        CausalLm teacher = model("llama-gqa-tied");
        List<int[]> windows = windows("llama-gqa-tied");
        double expected = 0;
        for (int[] window : windows) {
            double[][] p = probabilities(teacher, window);
            double[][] q = probabilities(student, window);
            for (int t = 0; t < LENGTH; t++) {
                for (int i = 0; i < p[t].length; i++) {
                    expected += p[t][i] * Math.log(p[t][i] / q[t][i]);
                }
            }
        }
        try (Evaluator evaluator = new Evaluator(student, teacher, LENGTH, 2)) {
            EvalSums sums = evaluator.evaluate(sequences(windows));
            assertEquals(3 * LENGTH, sums.numKlPositions());
            assertEquals(expected, sums.klSum(), 1e-9 * expected);
            assertTrue(sums.klSum() > 0);
        }
    }

    private static double[][] probabilities(CausalLm model, int[] window) {
        int vocabSize = model.config().vocabSize();
        double[][] rows = new double[LENGTH][];
        try (Arena arena = Arena.of(model.kernels(), 1 << 23)) {
            Tensor hidden = model.hiddenStates(window, 1, arena, null); // (T, D)
            Tensor logits = arena.matrix(LENGTH, vocabSize); // (T, V)
            model.logits(hidden, logits);
            for (int t = 0; t < LENGTH; t++) {
                double[] row = logits.rows(t, t + 1).toDoubles();
                double sum = 0;
                for (int i = 0; i < vocabSize; i++) {
                    row[i] = Math.exp(row[i]);
                    sum += row[i];
                }
                for (int i = 0; i < vocabSize; i++) {
                    row[i] /= sum;
                }
                rows[t] = row;
            }
        }
        return rows;
    }

    @Test
    void aModelDoesNotDivergeFromItself() {
        CausalLm model = model("llama-mha");
        try (Evaluator evaluator = new Evaluator(model, model, LENGTH, 3)) {
            EvalSums sums = evaluator.evaluate(sequences(windows("llama-mha")));
            assertEquals(0, sums.klSum(), 1e-12);
            assertEquals(3 * LENGTH, sums.numKlPositions());
        }
    }

    @Test
    void rangesOfWindowsAddUp() {
        CausalLm student = model("mla-gqa-tied-last");
        CausalLm teacher = model("llama-gqa-tied");
        List<int[]> windows = windows("llama-gqa-tied");
        try (Evaluator evaluator = new Evaluator(student, teacher, LENGTH, 2)) {
            EvalSums all = evaluator.evaluate(sequences(windows));
            EvalSums parts = evaluator
                    .evaluate(sequences(windows.subList(0, 1)))
                    .plus(evaluator.evaluate(sequences(windows.subList(1, 3))))
                    .plus(evaluator.evaluate(List.of()));
            assertEquals(all.numTokens(), parts.numTokens());
            assertEquals(all.numKlPositions(), parts.numKlPositions());
            assertEquals(all.lossSum(), parts.lossSum(), 1e-12 * all.lossSum());
            assertEquals(all.klSum(), parts.klSum(), 1e-12 * all.klSum());
        }
    }

    /** Windows of two documents each score as the documents alone do. */
    @Test
    void documentsAreScoredAsIfEachStoodAlone() {
        CausalLm student = model("mla-gqa-tied-last");
        CausalLm teacher = model("llama-gqa-tied");
        int border = 9;
        boolean[] learned = new boolean[LENGTH];
        Arrays.fill(learned, true);
        boolean[] begins = new boolean[LENGTH];
        begins[border] = true;
        List<int[]> windows = windows("llama-gqa-tied");
        try (Evaluator packed = new Evaluator(student, teacher, LENGTH, 2);
                Evaluator first = new Evaluator(student, teacher, border, 2);
                Evaluator second = new Evaluator(student, teacher, LENGTH - border, 2)) {
            EvalSums whole = packed.evaluate(windows.stream()
                    .map(ids -> new TokenSequence(ids, learned, begins))
                    .toList());
            EvalSums parts = first.evaluate(windows.stream()
                            .map(ids -> TokenSequence.of(Arrays.copyOf(ids, border)))
                            .toList())
                    .plus(second.evaluate(windows.stream()
                            .map(ids -> TokenSequence.of(Arrays.copyOfRange(ids, border, LENGTH)))
                            .toList()));
            assertEquals(3 * (LENGTH - 2), whole.numTokens());
            assertEquals(parts.numTokens(), whole.numTokens());
            assertEquals(parts.numKlPositions(), whole.numKlPositions());
            assertEquals(parts.lossSum(), whole.lossSum(), 1e-12 * parts.lossSum());
            assertEquals(parts.klSum(), whole.klSum(), 1e-12 * parts.klSum());
        }
    }

    /** What is learned and what is not add up to the whole, and neither has a share of the other. */
    @Test
    void onlyLearnedPositionsAreScored() {
        CausalLm student = model("mla-gqa-tied-last");
        CausalLm teacher = model("llama-gqa-tied");
        List<TokenSequence> learned = new ArrayList<>();
        List<TokenSequence> others = new ArrayList<>();
        for (int[] ids : windows("llama-gqa-tied")) {
            boolean[] some = new boolean[LENGTH];
            boolean[] rest = new boolean[LENGTH];
            for (int t = 0; t < LENGTH; t++) {
                some[t] = t % 4 == 1;
                rest[t] = !some[t];
            }
            learned.add(new TokenSequence(ids, some));
            others.add(new TokenSequence(ids, rest));
        }
        try (Evaluator evaluator = new Evaluator(student, teacher, LENGTH, 2)) {
            EvalSums all = evaluator.evaluate(sequences(windows("llama-gqa-tied")));
            EvalSums some = evaluator.evaluate(learned);
            EvalSums parts = some.plus(evaluator.evaluate(others));
            assertEquals(3 * ((LENGTH + 2) / 4), some.numKlPositions());
            assertEquals(all.numTokens(), parts.numTokens());
            assertEquals(all.numKlPositions(), parts.numKlPositions());
            assertEquals(all.lossSum(), parts.lossSum(), 1e-12 * all.lossSum());
            assertEquals(all.klSum(), parts.klSum(), 1e-12 * all.klSum());
        }
    }

    /** Padding that only one of two models has says nothing about how far they are apart. */
    @Test
    void divergenceIsOverTheIdsThatBothModelsHave() {
        List<TokenSequence> windows = sequences(windows("llama-mha"));
        CausalLm small = model("llama-mha");
        CausalLm padded = padded("llama-mha", 5);
        EvalSums expected = evaluate(small, small, windows);
        EvalSums taughtByPadded = evaluate(small, padded, windows);
        EvalSums taughtPadded = evaluate(padded, small, windows);
        assertEquals(0, taughtByPadded.klSum(), 1e-12);
        assertEquals(0, taughtPadded.klSum(), 1e-12);
        assertEquals(expected.lossSum(), taughtByPadded.lossSum());
        assertTrue(taughtPadded.lossSum() > expected.lossSum(), "perplexity is over all ids of the model");
        assertEquals(expected.numKlPositions(), taughtPadded.numKlPositions());
    }

    private static EvalSums evaluate(CausalLm student, CausalLm teacher, List<TokenSequence> windows) {
        try (Evaluator evaluator = new Evaluator(student, teacher, LENGTH, 2)) {
            return evaluator.evaluate(windows);
        }
    }

    /** The same model with {@code more} ids, whose logits are 0 and whose embeddings nobody reads. */
    private static CausalLm padded(String name, int more) {
        CausalLm model = model(name);
        ModelConfig c = model.config();
        ModelConfig config = new ModelConfig(
                c.hiddenSize(),
                c.intermediateSize(),
                c.vocabSize() + more,
                c.maxPositionEmbeddings(),
                c.rmsNormEps(),
                c.ropeTheta(),
                c.tieWordEmbeddings(),
                -1,
                -1,
                c.attention());
        ParameterStore weights = Tensors.zeros(CausalLm.layout(config, n -> false), ElementType.DOUBLE);
        for (String parameter : weights.layout().places().keySet()) {
            Tensor from = model.weights().get(parameter); // (rows, cols)
            weights.get(parameter).rows(0, from.rows()).write(from.toDoubles());
        }
        return new CausalLm(config, weights, null, new NaiveKernels(ElementType.DOUBLE), LENGTH);
    }
}
