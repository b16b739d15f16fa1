package org.xecomla.train.preference;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.xecomla.averaging.Measures;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.TrainingPass;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.targets.LogProbabilities;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.train.Objective;
import org.xecomla.train.Replica;

/**
 * Direct Preference Optimization over pairs: one forward of both sequences of a pair, the head over their answers only,
 * twice (the loss must be known before its gradient can be), and one backward. Legend: n pairs of a micro-batch, T
 * tokens, D model, A tokens of an answer.
 */
public record DpoObjective(PreferenceLoss loss) implements Objective<PreferenceSample> {
    /** Share of pairs whose chosen answer is rewarded more than the rejected one. */
    public static final String ACCURACY = "accuracy";

    /** Difference of the rewards of chosen and rejected answer. */
    public static final String MARGIN = "margin";

    /** Rewards: beta times the log-ratio of policy and reference. */
    public static final String CHOSEN_REWARD = "chosen_reward";

    public static final String REJECTED_REWARD = "rejected_reward";

    /** The objective of section {@code dpo}. */
    public static DpoObjective of(RunConfig config) {
        return new DpoObjective(PreferenceLoss.of(config.dpo()));
    }

    @Override
    public Measures addGradients(Replica replica, List<PreferenceSample> samples, long step) {
        List<PreferenceLoss.Value> values = new ArrayList<>();
        int micro = replica.shape().microBatchSequences();
        for (int from = 0; from < samples.size(); from += micro) {
            List<PreferenceSample> some = samples.subList(from, Math.min(samples.size(), from + micro));
            values.addAll(addGradients(replica, some, 1.0 / samples.size()));
        }
        return measures(values);
    }

    /** @param scale of every pair's gradient */
    private List<PreferenceLoss.Value> addGradients(Replica replica, List<PreferenceSample> samples, double scale) {
        PairBatch batch =
                PairBatch.of(samples.stream().map(PreferenceSample::pair).toList());
        try (TrainingPass pass = replica.forward(batch.ids(), batch.numSequences())) {
            List<PreferenceLoss.Value> values = new ArrayList<>();
            for (int i = 0; i < samples.size(); i++) {
                PairBatch.Answer chosen = batch.chosen(i);
                PairBatch.Answer rejected = batch.rejected(i);
                LogProbabilities policy = PairScorer.score(pass::loss, batch, i);
                PreferenceLoss.Value value =
                        loss.of(policy, samples.get(i).reference(), chosen.labels().length, rejected.labels().length);
                gradient(pass, chosen, scale * value.dChosen());
                gradient(pass, rejected, scale * value.dRejected());
                values.add(value);
            }
            pass.backward(null);
            return values;
        }
    }

    /** @param dAnswer gradient of the answer's log-probability, which is the negative of its summed cross-entropy */
    private static void gradient(TrainingPass pass, PairBatch.Answer answer, double dAnswer) {
        if (answer.labels().length > 0) {
            // forward was: log P(answer | prompt) = -sum of the cross-entropies of its tokens
            pass.lossAndGradients(answer.from(), answer.to(), new CrossEntropy(answer.labels(), -dAnswer));
        }
    }

    /** What the values of some pairs come to. */
    static Measures measures(List<PreferenceLoss.Value> values) {
        Map<String, ToDoubleFunction<PreferenceLoss.Value>> measured = Map.of(
                Measures.LOSS,
                PreferenceLoss.Value::loss,
                ACCURACY,
                value -> value.margin() > 0 ? 1 : 0,
                MARGIN,
                PreferenceLoss.Value::margin,
                CHOSEN_REWARD,
                PreferenceLoss.Value::chosenReward,
                REJECTED_REWARD,
                PreferenceLoss.Value::rejectedReward);
        Measures measures = Measures.NONE;
        for (String name : measured.keySet()) {
            double sum = values.stream().mapToDouble(measured.get(name)).sum();
            measures = measures.with(name, sum, values.size());
        }
        return measures;
    }

    /** The longest pairs, all answer. */
    @Override
    public void dryRun(CausalLm sizing, Replica.Shape shape, Arena arena) {
        int[] answer = new int[shape.sequenceLength() - 1];
        TokenPair pair = new TokenPair(new int[1], answer, answer);
        PairBatch batch = PairBatch.of(Collections.nCopies(shape.microBatchSequences(), pair));
        Sequences sequences = Sequences.of(batch.numSequences(), batch.ids().length);
        try (TrainingPass pass = sizing.forward(batch.ids(), sequences, arena)) {
            PairScorer.score(pass::loss, batch, 0);
            gradient(pass, batch.chosen(0), 1);
            pass.backward(null);
        }
    }
}
