package org.xecomla.spark.leg;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.RingLostException;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.Manifest;
import org.xecomla.files.RunFence;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.spark.driver.MetricsLog;
import org.xecomla.spark.driver.Progress;
import org.xecomla.spark.driver.ProgressSink;
import org.xecomla.spark.driver.StopFile;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.Objective;
import org.xecomla.train.RoundMetrics;
import org.xecomla.train.StepMetrics;
import org.xecomla.train.TrainListener;
import org.xecomla.train.TrainerCheckpoint;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingProgress;
import org.xecomla.train.TrainingRun;
import org.xecomla.train.data.Samples;

/**
 * One replica of one leg of a training stage: from the given checkpoint, or from the model to begin with, to the end.
 *
 * @param asked of the stage, which its checkpoints repeat
 * @param fromStep step of the checkpoint to go on from; 0: the model to begin with
 * @param progress receives how far it is; replica 0 speaks for all
 * @param stop tells when to save and end; null: nobody does
 * @param fence of the driver; null: nobody else writes here
 * @param <S> a sample
 */
record TrainingTask<S>(
        RunConfig config,
        TrainingWork<S> work,
        Manifest asked,
        long fromStep,
        ProgressSink progress,
        StopFile stop,
        RunFence fence)
        implements BarrierLeg.Task<Long> {
    /** The stage's checkpoints. */
    static TrainerCheckpoint checkpoints(RunConfig config, Path output, Manifest asked) {
        Optional<Path> tokenizer = Optional.of(RunModels.tokenizerPath(config));
        return new TrainerCheckpoint(output, TrainerCheckpoint.KEPT, asked, tokenizer);
    }

    /** Trains; returns the steps done. */
    @Override
    public Long run(ParameterAveraging averaging) {
        ModelDirectory start = ModelDirectory.open(work.start());
        TrainerCheckpoint checkpoints = checkpoints(config, work.output(), asked);
        try (Samples<S> samples = work.open();
                Kernels kernels = TaskKernels.of(config)) {
            TrainingPlan plan = work.plan(samples);
            try (Objective<S> objective = work.objective(plan, kernels);
                    TrainingRun<S> run = new TrainingRun<>(plan, objective, start.config(), kernels, averaging)) {
                if (fromStep == 0) {
                    run.start(start::load);
                } else {
                    run.resume(checkpoints, checkpoints.at(fromStep));
                }
                BooleanSupplier stopRequested = stop == null ? () -> false : stop.poll();
                return run.train(samples, listeners(averaging, plan, run, checkpoints), stopRequested)
                        .step();
            }
        }
    }

    private List<TrainListener> listeners(
            ParameterAveraging averaging, TrainingPlan plan, TrainingRun<S> run, TrainerCheckpoint checkpoints) {
        List<TrainListener> listeners = new ArrayList<>();
        if (averaging.rank() == 0) {
            listeners.add(new MetricsLog(work.output(), plan.checkpointEvery(), run.progress()));
            listeners.add(new Reporter(progress, plan.numSteps(), System.nanoTime()));
        }
        if (fence != null && averaging.rank() == 0) {
            listeners.add(new Fencing(fence));
        }
        listeners.add(run.savingTo(checkpoints));
        listeners.add(new Cancellation(TaskContext.get()));
        return listeners;
    }

    /**
     * Ends, before a checkpoint is taken, the work of a driver that another has followed. Looks at most once a second.
     */
    private static final class Fencing implements TrainListener {
        private static final long INTERVAL_NANOS = 1_000_000_000L;

        private final RunFence fence;
        private long looked = System.nanoTime();

        Fencing(RunFence fence) {
            this.fence = fence;
        }

        @Override
        public void onRound(RoundMetrics metrics, boolean last) {
            long now = System.nanoTime();
            if (last || now - looked > INTERVAL_NANOS) {
                looked = now;
                if (fence.isPassed()) {
                    throw new UserException(
                            "another driver has taken this run: what replicas of this one learn is not" + " kept");
                }
            }
        }
    }

    /** Ends a task that Spark has given up, which would find out only at its next collective. */
    private record Cancellation(TaskContext context) implements TrainListener {
        @Override
        public void onStep(StepMetrics metrics) {
            if (context != null && context.isInterrupted()) {
                throw new RingLostException("cancelled after step " + metrics.step());
            }
        }
    }

    /** Tells the driver. */
    private record Reporter(ProgressSink progress, long numSteps, long start) implements TrainListener {
        @Override
        public void onRound(RoundMetrics metrics, boolean last) {
            TrainingProgress done = metrics.progress();
            long millis = (System.nanoTime() - start) / 1_000_000;
            progress.add(new Progress(done.step(), numSteps, done.numTokens(), metrics.loss(), millis));
        }
    }
}
