package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import org.xecomla.corpus.SampleOrder;
import org.xecomla.nn.LossSums;

/**
 * The training loop of one replica, alone or as one of P: takes its slice of every batch in the order of {@link
 * SampleOrder}, and meets the other replicas at the end of every round. Everything else is a listener's.
 */
public final class LocalTrainer {
    private final TrainStep step;
    private final TrainingData data;
    private final SampleOrder order;
    private final BatchSlice slice;
    private final LocalSteps rounds;
    private final List<TrainListener> listeners;

    public LocalTrainer(
            TrainStep step,
            TrainingData data,
            SampleOrder order,
            BatchSlice slice,
            LocalSteps rounds,
            List<TrainListener> listeners) {
        if (order.numSequences() != data.numSequences()) {
            throw new IllegalArgumentException(
                    "an order of " + order.numSequences() + " sequences for " + data.numSequences());
        }
        this.step = step;
        this.data = data;
        this.order = order;
        this.slice = slice;
        this.rounds = rounds;
        this.listeners = List.copyOf(listeners);
    }

    /**
     * Trains until {@code numSteps} steps of the run are done.
     *
     * @param from where the run stands, {@link TrainingProgress#START} or that of a checkpoint: always between two rounds
     * @return where it stands then
     */
    public TrainingProgress run(TrainingProgress from, long numSteps) {
        TrainingProgress progress = from;
        while (progress.step() < numSteps) {
            progress = round(progress, numSteps);
        }
        return progress;
    }

    private TrainingProgress round(TrainingProgress from, long numSteps) {
        rounds.begin();
        TrainingProgress progress = from;
        LossSums sums = LossSums.ZERO;
        double norms = 0;
        TrainStep.Outcome outcome;
        do {
            long[] sequences = sequences(progress.samples());
            outcome = step.run(progress.step(), read(sequences));
            progress = progress.plusStep(slice.batchSequences(), data.sequenceLength());
            sums = sums.plus(outcome.sums());
            norms += outcome.gradientNorm();
            StepMetrics metrics = metrics(progress.step(), sequences, outcome);
            listeners.forEach(listener -> listener.onStep(metrics));
        } while (!rounds.endAfter(progress.step()) && progress.step() < numSteps);
        rounds.end();
        report(progress, numSteps, sums, norms / (progress.step() - from.step()), outcome.learningRate());
        return progress;
    }

    private long[] sequences(long cursor) {
        long[] sequences = slice.samples(cursor);
        for (int i = 0; i < sequences.length; i++) {
            sequences[i] = order.sequenceAt(sequences[i]);
        }
        return sequences;
    }

    private List<TrainingSequence> read(long[] sequences) {
        List<TrainingSequence> read = new ArrayList<>(sequences.length);
        for (long sequence : sequences) {
            read.add(data.read(sequence));
        }
        return read;
    }

    private StepMetrics metrics(long stepsDone, long[] sequences, TrainStep.Outcome outcome) {
        LossSums sums = outcome.sums();
        return new StepMetrics(
                stepsDone,
                sequences,
                step.loss().value(sums),
                sums.kl(),
                sums.crossEntropy(),
                outcome.gradientNorm(),
                outcome.learningRate(),
                (long) sequences.length * data.sequenceLength());
    }

    private void report(TrainingProgress progress, long numSteps, LossSums mine, double norm, double learningRate) {
        double[] all =
                rounds.averaging().sum(mine.klSum(), mine.ceSum(), mine.numKl(), mine.numCe(), norm * slice.share());
        LossSums sums = new LossSums(all[0], all[1], (long) all[2], (long) all[3]);
        RoundMetrics metrics = new RoundMetrics(
                progress.step(),
                progress.samples(),
                progress.tokens(),
                step.loss().value(sums),
                sums.kl(),
                sums.crossEntropy(),
                all[4],
                learningRate);
        boolean last = progress.step() >= numSteps;
        listeners.forEach(listener -> listener.onRound(metrics, progress, last));
    }
}
