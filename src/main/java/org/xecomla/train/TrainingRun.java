package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.SampleOrder;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.OuterUpdate;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.train.data.Samples;

/**
 * One replica of a run from its start, or from its newest checkpoint, to its end: a {@link TrainingPlan} put to work.
 *
 * <pre>{@code
 * try (TrainingRun<TrainingSequence> run = new TrainingRun<>(plan, loss, model, kernels, averaging)) {
 *     run.start(student::load); // or run.resume(checkpoints, saved)
 *     run.train(data, List.of(run.savingTo(checkpoints), progress));
 * }
 * }</pre>
 *
 * @param <S> a sample
 */
public final class TrainingRun<S> implements AutoCloseable {
    private final TrainingPlan plan;
    private final Objective<S> objective;
    private final BatchSlice slice;
    private final TrainerState state;
    private TrainingProgress progress = TrainingProgress.START;
    private Optional<Path> lastCheckpoint = Optional.empty();

    /**
     * Makes a replica of {@code model} with all its memory; its weights are 0.
     *
     * @param kernels of this thread; not closed with the run
     * @param averaging joins this replica with the others; not closed with the run
     */
    public TrainingRun(
            TrainingPlan plan,
            Objective<S> objective,
            ModelConfig model,
            Kernels kernels,
            ParameterAveraging averaging) {
        this.plan = plan;
        this.objective = objective;
        this.slice = new BatchSlice(plan.batchSequences(), averaging.numReplicas(), averaging.rank());
        Replica replica = new Replica(model, plan.freeze().trainable(), plan.replicaShape(slice), objective, kernels);
        AdamW adamW = new AdamW(replica.weights().layout(), kernels, plan.adamW());
        OuterUpdate outer = new OuterUpdate(
                plan.rounds().outerLearningRate(),
                plan.rounds().outerMomentum(),
                replica.weights().layout(),
                kernels);
        Rounds rounds = new Rounds(plan.rounds(), averaging, slice.share(), outer, replica);
        this.state = new TrainerState(replica, adamW, rounds);
    }

    public TrainerState state() {
        return state;
    }

    public Replica replica() {
        return state.replica();
    }

    /** How far the run has come. */
    public TrainingProgress progress() {
        return progress;
    }

    /** Begins at step 0. All replicas must fill in the same weights. */
    public void start(Consumer<ParameterStore> initialWeights) {
        initialWeights.accept(state.replica().weights());
        progress = TrainingProgress.START;
    }

    /** Goes on where {@code saved} left off. All replicas must take the same one. */
    public void resume(TrainerCheckpoint checkpoints, TrainerCheckpoint.Saved saved) {
        checkpoints.load(saved, state);
        progress = saved.progress();
        lastCheckpoint = Optional.of(saved.path());
    }

    /** A listener that saves this run as often as the plan says, from here on. */
    public TrainListener savingTo(TrainerCheckpoint checkpoints) {
        return new Checkpointer(
                checkpoints, state, plan.checkpointEvery(), progress, path -> lastCheckpoint = Optional.of(path));
    }

    /** Trains to the end of the plan. Divergence stops the run before any listener saves it. */
    public TrainingProgress train(Samples<S> data, List<TrainListener> listeners) {
        return train(data, listeners, () -> false);
    }

    /**
     * Trains to the end of the plan, or to the end of the round in which {@code stopRequested} of replica 0 comes true:
     * the last of this process for all replicas.
     */
    public TrainingProgress train(Samples<S> data, List<TrainListener> listeners, BooleanSupplier stopRequested) {
        List<TrainListener> all = new ArrayList<>();
        SampleOrder order = new SampleOrder(plan.seed(), data.numSamples());
        all.add(new DivergenceCheck(plan.maxLossGrowth(), step -> batch(order, step), () -> lastCheckpoint));
        all.addAll(listeners);
        objective.begin(data);
        all.forEach(listener -> listener.onStart(progress, plan.numSteps()));
        TrainStep<S> step =
                new TrainStep<>(state.replica(), state.optimizer(), plan.schedule(), plan.clip(), objective);
        progress = new TrainingLoop<>(step, data, order, slice, state.rounds(), all, stopRequested)
                .run(progress, plan.numSteps());
        return progress;
    }

    /** The sample numbers of the whole batch of the run's step {@code step}, 1 being the first. */
    private long[] batch(SampleOrder order, long step) {
        long first = (step - 1) * plan.batchSequences();
        return LongStream.range(first, first + plan.batchSequences())
                .map(order::sequenceAt)
                .toArray();
    }

    @Override
    public void close() {
        state.rounds().close();
        state.optimizer().close();
        state.replica().close();
    }
}
