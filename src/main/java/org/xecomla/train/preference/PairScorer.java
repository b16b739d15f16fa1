package org.xecomla.train.preference;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * Log-probabilities of preferences under a model, without gradients. Not thread-safe. Legend: n pairs, T tokens, D
 * model, A tokens of an answer.
 */
public final class PairScorer implements AutoCloseable {
    private final CausalLm model;
    private final int batchPairs;
    private final Arena arena;

    /**
     * @param model stays the caller's to close
     * @param maxLength tokens of the longest sequence
     * @param batchPairs pairs that go through the model together
     */
    public PairScorer(CausalLm model, int maxLength, int batchPairs) {
        this.model = model;
        this.batchPairs = batchPairs;
        TokenPair longest = new TokenPair(new int[1], new int[maxLength - 1], new int[maxLength - 1]);
        List<TokenPair> pairs = Collections.nCopies(batchPairs, longest);
        this.arena = Arena.of(model.kernels(), model.arenaBytes((sizing, scratch) -> score(sizing, pairs, scratch)));
    }

    /**
     * The log-probabilities of {@code pairs}, in their order.
     *
     * @throws org.xecomla.errors.UserException if an id is outside the vocabulary
     */
    public List<LogProbabilities> score(List<TokenPair> pairs) {
        List<LogProbabilities> scores = new ArrayList<>();
        for (int from = 0; from < pairs.size(); from += batchPairs) {
            scores.addAll(score(model, pairs.subList(from, Math.min(pairs.size(), from + batchPairs)), arena));
        }
        return scores;
    }

    /** What the loss makes of {@code samples}, in their order, the model being the policy. */
    public List<PreferenceLoss.Value> values(List<PreferenceSample> samples, PreferenceLoss loss) {
        List<LogProbabilities> policy =
                score(samples.stream().map(PreferenceSample::pair).toList());
        List<PreferenceLoss.Value> values = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            PreferenceSample sample = samples.get(i);
            PairBatch batch = PairBatch.of(List.of(sample.pair()));
            values.add(loss.of(
                    policy.get(i),
                    sample.reference(),
                    batch.chosen(0).labels().length,
                    batch.rejected(0).labels().length));
        }
        return values;
    }

    private static List<LogProbabilities> score(CausalLm model, List<TokenPair> pairs, Arena arena) {
        PairBatch batch = PairBatch.of(pairs);
        long mark = arena.mark();
        Tensor hidden = model.hiddenStates(batch.ids(), batch.numSequences(), arena, null); // (2n*T, D)
        RowLosses losses = (from, to, loss) -> model.lossOfHidden(hidden.rows(from, to), loss, arena);
        List<LogProbabilities> scores = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            scores.add(score(losses, batch, i));
        }
        arena.release(mark);
        return scores;
    }

    /** The losses of rows {@code from} (inclusive) to {@code to} (exclusive) of a batch's 2n*T. */
    @FunctionalInterface
    interface RowLosses {
        LossSums of(int from, int to, TokenLoss loss);
    }

    static LogProbabilities score(RowLosses losses, PairBatch batch, int pair) {
        return new LogProbabilities(score(losses, batch.chosen(pair)), score(losses, batch.rejected(pair)));
    }

    private static double score(RowLosses losses, PairBatch.Answer answer) {
        if (answer.labels().length == 0) {
            return 0;
        }
        return -losses.of(answer.from(), answer.to(), new CrossEntropy(answer.labels()))
                .ceSum();
    }

    @Override
    public void close() {
        arena.close();
    }
}
