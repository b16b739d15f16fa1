package org.xecomla.eval.tasks;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.xecomla.eval.Logits;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Indices;
import org.xecomla.tensor.Tensor;

/**
 * Log-likelihoods of continuations. Prompts of like length go through the model together, padded on the right, where
 * causal attention does not look; prompts that differ in their last token only go once. Log-probabilities and sums are
 * double. Not thread-safe.
 *
 * <p>Legend: B prompts, T tokens of the longest, D model, V vocabulary, n rows of continuations.
 */
public final class ContinuationScorer {
    private final CausalLm model;
    private final int batchPrompts;

    /** One input to the model, and the places of the continuations that it answers. */
    private record Input(int[] ids, List<Integer> places, int maxScored) {}

    /** @param batchPrompts prompts that go through the model together */
    public ContinuationScorer(CausalLm model, int batchPrompts) {
        this.model = model;
        this.batchPrompts = batchPrompts;
    }

    /** The tokens that go through the model: those of prompts that share their input count once. */
    public static long numTokens(List<Continuation> continuations) {
        return inputs(continuations).stream()
                .mapToLong(input -> input.ids.length)
                .sum();
    }

    /**
     * Log-likelihoods in the order of {@code continuations}.
     *
     * @throws org.xecomla.errors.UserException if an id is outside the vocabulary
     */
    public List<LogLikelihood> score(List<Continuation> continuations) {
        LogLikelihood[] result = new LogLikelihood[continuations.size()];
        List<Input> inputs = inputs(continuations);
        List<List<Input>> batches = new ArrayList<>();
        for (int from = 0; from < inputs.size(); from += batchPrompts) {
            batches.add(inputs.subList(from, Math.min(inputs.size(), from + batchPrompts)));
        }
        long bytes = batches.stream().mapToLong(this::arenaBytes).max().orElse(0);
        try (Arena arena = Arena.of(model.kernels(), bytes)) {
            for (List<Input> batch : batches) {
                score(batch, continuations, result, arena);
                arena.release(0);
            }
        }
        return Arrays.asList(result);
    }

    /** The longest first, so that a batch's are alike and memory that is short is short at once. */
    private static List<Input> inputs(List<Continuation> continuations) {
        Map<IntBuffer, Input> byIds = new LinkedHashMap<>();
        for (int place = 0; place < continuations.size(); place++) {
            Continuation continuation = continuations.get(place);
            int[] ids = Arrays.copyOf(continuation.ids(), continuation.ids().length - 1);
            Input known = byIds.getOrDefault(IntBuffer.wrap(ids), new Input(ids, new ArrayList<>(), 0));
            known.places.add(place);
            int maxScored = Math.max(known.maxScored, continuation.numScored());
            byIds.put(IntBuffer.wrap(ids), new Input(ids, known.places, maxScored));
        }
        List<Input> inputs = new ArrayList<>(byIds.values());
        inputs.sort(Comparator.comparingInt((Input input) -> input.ids.length).reversed());
        return inputs;
    }

    private long arenaBytes(List<Input> batch) {
        return model.arenaBytes((sized, sizing) -> {
            Tensor rows = scoredRows(sized, batch, sizing); // (n, D)
            Logits.of(sized, rows.rows(0, Math.min(rows.rows(), Logits.chunkRows(model))), sizing);
        });
    }

    /** Hidden states before each token that is scored, input after input. */
    private static Tensor scoredRows(CausalLm model, List<Input> batch, Arena arena) {
        int length = batch.get(0).ids.length;
        int[] ids = new int[batch.size() * length];
        int[] wanted = new int[batch.stream().mapToInt(Input::maxScored).sum()];
        int n = 0;
        for (int b = 0; b < batch.size(); b++) {
            int[] own = batch.get(b).ids;
            System.arraycopy(own, 0, ids, b * length, own.length);
            for (int t = own.length - batch.get(b).maxScored; t < own.length; t++) {
                wanted[n++] = b * length + t;
            }
        }
        Tensor rows = arena.matrix(n, model.config().hiddenSize()); // (n, D)
        Tensor hidden = model.hiddenStates(ids, batch.size(), arena, null); // (B*T, D)
        model.kernels().embedding().gather(hidden, Indices.of(wanted), rows);
        return rows;
    }

    private void score(List<Input> batch, List<Continuation> continuations, LogLikelihood[] result, Arena arena) {
        Tensor rows = scoredRows(model, batch, arena); // (n, D)
        Map<Integer, LogLikelihood> sums = new HashMap<>();
        int chunkRows = Logits.chunkRows(model);
        int row = 0;
        Tensor logits = null; // (chunkRows, V), of the rows from `row - row % chunkRows` on
        long top = arena.mark();
        for (Input input : batch) {
            for (int i = 0; i < input.maxScored; i++, row++) {
                if (row % chunkRows == 0) {
                    arena.release(top);
                    logits = Logits.of(model, rows.rows(row, Math.min(rows.rows(), row + chunkRows)), arena);
                }
                int at = row % chunkRows;
                double[] z = logits.rows(at, at + 1).toDoubles(); // (V)
                double logSum = Logits.logSumExp(z);
                int best = Logits.argmax(z);
                for (int place : input.places) {
                    add(sums, place, continuations.get(place), input.maxScored - i, z, logSum, best);
                }
            }
        }
        sums.forEach((place, sum) -> result[place] = sum);
    }

    /** @param fromEnd how far before the end of the continuation the predicted token stands, 1: it is the last */
    private static void add(
            Map<Integer, LogLikelihood> sums,
            int place,
            Continuation continuation,
            int fromEnd,
            double[] z,
            double logSum,
            int best) {
        if (fromEnd <= continuation.numScored()) {
            int id = continuation.ids()[continuation.ids().length - fromEnd];
            LogLikelihood before = sums.getOrDefault(place, new LogLikelihood(0, true));
            sums.put(place, new LogLikelihood(before.sum() + z[id] - logSum, before.greedy() && id == best));
        }
    }
}
