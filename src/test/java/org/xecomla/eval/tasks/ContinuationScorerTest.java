package org.xecomla.eval.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.eval.Logits;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

class ContinuationScorerTest {
    private static final int LENGTH = 23;

    private static CausalLm model() {
        ModelDirectory directory = ModelDirectory.open(DataFiles.path("src/test/resources/golden/mla-hybrid"));
        ParameterStore weights = Tensors.zeros(CausalLm.layout(directory.config(), n -> false), ElementType.DOUBLE);
        directory.load(weights);
        return new CausalLm(directory.config(), weights, null, new NaiveKernels(ElementType.DOUBLE), LENGTH);
    }

    /** Batched, padded and shared as alone. */
    @Test
    void scoresAreThoseOfOneSequenceAtATime() {
        CausalLm model = model();
        List<Continuation> continuations = List.of(
                new Continuation(new int[] {1, 5, 9, 2}, 1),
                new Continuation(new int[] {1, 5, 9, 4}, 1),
                new Continuation(new int[] {1, 5, 9, 4}, 3),
                new Continuation(new int[] {3, 8, 7, 6, 5, 4, 3, 2, 1}, 4),
                new Continuation(new int[] {2, 2}, 1));
        for (int batch : List.of(1, 2, 8)) {
            List<LogLikelihood> scores = new ContinuationScorer(model, batch).score(continuations);
            for (int i = 0; i < scores.size(); i++) {
                LogLikelihood alone = alone(model, continuations.get(i));
                assertEquals(alone.sum(), scores.get(i).sum(), 1e-12);
                assertEquals(alone.greedy(), scores.get(i).greedy());
            }
        }
        assertEquals(3 + 8 + 1, ContinuationScorer.numTokens(continuations));
    }

    private static LogLikelihood alone(CausalLm model, Continuation continuation) {
        int[] ids = continuation.ids();
        double sum = 0;
        boolean greedy = true;
        try (Arena arena = Arena.of(model.kernels(), 1 << 23)) {
            Tensor hidden = model.hiddenStates(ids, 1, arena, null); // (T, D)
            Tensor logits = arena.matrix(ids.length, model.config().vocabSize()); // (T, V)
            model.logits(hidden, logits);
            for (int t = ids.length - continuation.numScored(); t < ids.length; t++) {
                double[] z = logits.rows(t - 1, t).toDoubles(); // (V)
                sum += z[ids[t]] - Logits.logSumExp(z);
                greedy &= Logits.argmax(z) == ids[t];
            }
        }
        return new LogLikelihood(sum, greedy);
    }

    @Test
    void promptsAreEncodedAsAWhole() {
        try (Tokenizer tokenizer = Tokenizer.open(DataFiles.path("conf/demo/model"))) {
            ContinuationEncoder encoder = new ContinuationEncoder(tokenizer, 8);
            int[] whole = tokenizer.encodeWithSpecialTokens("One day Nina");
            Continuation plain = encoder.encode(new TaskPrompt("One day", " Nina"));
            assertArrayEquals(whole, plain.ids());
            // a space at the end of the context belongs to the continuation
            assertEquals(
                    plain.numScored(),
                    encoder.encode(new TaskPrompt("One day ", "Nina")).numScored());
            // nothing before it: the beginning of a text
            Continuation first = encoder.encode(new TaskPrompt("", "Nina"));
            assertEquals(tokenizer.bosTokenId().getAsInt(), first.ids()[0]);
            assertEquals(first.ids().length - 1, first.numScored());
            // too long: the model sees the last 8 tokens before the last
            Continuation cut = encoder.encode(new TaskPrompt("One day ".repeat(20), "Nina"));
            assertEquals(9, cut.ids().length);
            assertThrows(UserException.class, () -> encoder.encode(new TaskPrompt("One day", "")));
            assertThrows(UserException.class, () -> encoder.encode(new TaskPrompt("One day", " x".repeat(20))));
        }
    }
}
