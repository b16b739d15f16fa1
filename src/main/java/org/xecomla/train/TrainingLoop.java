package org.xecomla.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.xecomla.averaging.Measures;
import org.xecomla.corpus.shards.SampleOrder;
import org.xecomla.train.data.Samples;

/**
 * The training loop of one replica, alone or as one of P: takes its slice of every batch in the order of {@link
 * SampleOrder}, and comes together with the other replicas at the end of every round. Everything else is a listener's.
 *
 * @param <S> a sample
 */
public final class TrainingLoop<S> {
    private final TrainStep<S> step;
    private final Samples<S> data;
    private final SampleOrder order;
    private final BatchSlice slice;
    private final Rounds rounds;
    private final List<TrainListener> listeners;
    private final BooleanSupplier stopRequested;
    private boolean stopped;

    /** @param stopRequested asked of replica 0 after every round: whether it is to be the last of this process */
    public TrainingLoop(
            TrainStep<S> step,
            Samples<S> data,
            SampleOrder order,
            BatchSlice slice,
            Rounds rounds,
            List<TrainListener> listeners,
            BooleanSupplier stopRequested) {
        if (order.numSequences() != data.numSamples()) {
            throw new IllegalArgumentException(
                    "an order of " + order.numSequences() + " sequences for " + data.numSamples());
        }
        this.step = step;
        this.data = data;
        this.order = order;
        this.slice = slice;
        this.rounds = rounds;
        this.listeners = List.copyOf(listeners);
        this.stopRequested = stopRequested;
    }

    /**
     * Trains until {@code numSteps} steps of the run are done, or a stop is requested.
     *
     * @param from where the run stands, {@link TrainingProgress#START} or that of a checkpoint: always between two
     *     rounds
     * @return where it stands then
     */
    public TrainingProgress run(TrainingProgress from, long numSteps) {
        TrainingProgress progress = from;
        while (progress.step() < numSteps && !stopped) {
            progress = round(progress, numSteps);
        }
        return progress;
    }

    private TrainingProgress round(TrainingProgress from, long numSteps) {
        rounds.begin();
        TrainingProgress progress = from;
        Measures measures = Measures.NONE;
        double norms = 0;
        TrainStep.Outcome outcome;
        do {
            long[] sequences = sequences(progress.numSamples());
            outcome = step.run(progress.step(), read(sequences), rounds);
            progress = progress.plusStep(slice.batchSequences(), data.tokensPerSample());
            measures = measures.plus(outcome.measures());
            norms += outcome.gradientNorm();
            StepMetrics metrics = metrics(progress.step(), sequences, outcome);
            listeners.forEach(listener -> listener.onStep(metrics));
        } while (!rounds.endAfter(progress.step()) && progress.step() < numSteps);
        rounds.end();
        report(progress, numSteps, measures, norms / (progress.step() - from.step()), outcome.learningRate());
        return progress;
    }

    private long[] sequences(long cursor) {
        long[] sequences = slice.samples(cursor);
        for (int i = 0; i < sequences.length; i++) {
            sequences[i] = order.sequenceAt(sequences[i]);
        }
        return sequences;
    }

    private List<S> read(long[] sequences) {
        List<S> read = new ArrayList<>(sequences.length);
        for (long sequence : sequences) {
            read.add(data.read(sequence));
        }
        return read;
    }

    private StepMetrics metrics(long stepsDone, long[] sequences, TrainStep.Outcome outcome) {
        return new StepMetrics(
                stepsDone,
                sequences,
                outcome.measures(),
                outcome.gradientNorm(),
                outcome.learningRate(),
                (long) sequences.length * data.tokensPerSample());
    }

    private void report(TrainingProgress progress, long numSteps, Measures mine, double norm, double learningRate) {
        double[] parts = mine.parts();
        double[] all = Arrays.copyOf(parts, parts.length + 2);
        all[parts.length] = norm * slice.share();
        // One replica asks, all obey: else some would wait for the others' next round.
        all[parts.length + 1] = slice.rank() == 0 && stopRequested.getAsBoolean() ? 1 : 0;
        all = rounds.averaging().allReduce(all);
        RoundMetrics metrics = new RoundMetrics(progress, mine.ofParts(all), all[parts.length], learningRate);
        stopped = all[parts.length + 1] > 0;
        boolean last = stopped || progress.step() >= numSteps;
        listeners.forEach(listener -> listener.onRound(metrics, last));
    }
}
