package org.xecomla.train;

import java.util.List;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.train.data.TrainingSequence;

/**
 * Scores held-out sequences after every so many steps, and at the end, and tells the other listeners the perplexity.
 */
final class Validation implements TrainListener {
    private final Replica replica;
    private final List<TrainingSequence> sequences;
    private final StepInterval interval;
    private final List<TrainListener> told;

    Validation(
            Replica replica,
            List<TrainingSequence> sequences,
            long everySteps,
            List<TrainListener> told,
            TrainingProgress from) {
        this.replica = replica;
        this.sequences = List.copyOf(sequences);
        this.interval = new StepInterval(everySteps, from);
        this.told = told;
    }

    @Override
    public void onRound(RoundMetrics metrics, boolean last) {
        if (interval.isDue(metrics.step(), last)) {
            double perplexity = perplexity();
            told.forEach(listener -> listener.onValidation(metrics.step(), perplexity));
        }
    }

    /** exp of the mean cross-entropy over all labelled positions. */
    double perplexity() {
        LossSums sums = LossSums.ZERO;
        int micro = replica.shape().microBatchSequences();
        for (int from = 0; from < sequences.size(); from += micro) {
            TrainingBatch batch = TrainingBatch.of(sequences.subList(from, Math.min(sequences.size(), from + micro)));
            sums = sums.plus(replica.loss(batch, new CrossEntropy(batch.labels())));
        }
        return sums.perplexity();
    }
}
