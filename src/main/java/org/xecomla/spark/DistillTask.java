package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.targets.TargetShards;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.DistillationData;
import org.xecomla.train.LossSettings;
import org.xecomla.train.ParameterAveraging;
import org.xecomla.train.RoundMetrics;
import org.xecomla.train.TrainListener;
import org.xecomla.train.TrainerCheckpoint;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingProgress;
import org.xecomla.train.TrainingRun;
import org.xecomla.train.TrainingSequence;

/**
 * One replica of one leg of the distillation: from the given checkpoint, or from the student's start, to the end.
 *
 * @param origin what the run's checkpoints say of it
 * @param fromStep step of the checkpoint to go on from; 0: the student's start
 * @param progress receives how far it is; replica 0 speaks for all
 */
record DistillTask(RunConfig config, RunLayout layout, RunOrigin origin, long fromStep, ProgressAccumulator progress)
        implements BarrierLeg.Task<Long> {
    private static final int KEPT_CHECKPOINTS = 2;

    /** The run's checkpoints. */
    static TrainerCheckpoint checkpoints(RunConfig config, RunLayout layout, RunOrigin origin) {
        Optional<Path> tokenizer = Optional.of(DataFiles.path(config.models().requireTokenizer()));
        return new TrainerCheckpoint(layout.distill().path(), KEPT_CHECKPOINTS, origin.origin(), tokenizer);
    }

    /** Trains; returns the steps done. */
    @Override
    public Long run(ParameterAveraging averaging) {
        ModelDirectory student = ModelDirectory.open(layout.studentInit().path());
        TrainerCheckpoint checkpoints = checkpoints(config, layout, origin);
        try (TokenShards tokens = TokenShards.open(layout.trainShards().path());
                TargetShards targets = TargetShards.open(layout.targets().path());
                Kernels kernels = TaskKernels.of(config)) {
            DistillationData data = DistillationData.of(
                    tokens, targets, student.config(), config.targets().temperature());
            TrainingPlan plan = TrainingPlan.distillation(config, tokens.numSequences(), tokens.sequenceLength());
            try (TrainingRun<TrainingSequence> run =
                    new TrainingRun<>(plan, LossSettings.distillation(config), student.config(), kernels, averaging)) {
                if (fromStep == 0) {
                    run.start(student::load);
                } else {
                    run.resume(checkpoints, checkpoints.at(fromStep));
                }
                return run.train(data, listeners(averaging, plan, run, checkpoints))
                        .step();
            }
        }
    }

    private List<TrainListener> listeners(
            ParameterAveraging averaging, TrainingPlan plan, TrainingRun<?> run, TrainerCheckpoint checkpoints) {
        List<TrainListener> listeners = new ArrayList<>();
        if (averaging.rank() == 0) {
            listeners.add(new MetricsLog(layout.distill().path(), plan.checkpointEvery(), run.progress()));
            listeners.add(new Reporter(progress, System.nanoTime()));
        }
        listeners.add(run.savingTo(checkpoints));
        return listeners;
    }

    /** Tells the driver. */
    private record Reporter(ProgressAccumulator progress, long start) implements TrainListener {
        @Override
        public void onRound(RoundMetrics metrics, TrainingProgress done, boolean last) {
            progress.add(
                    new Progress(done.step(), done.tokens(), metrics.loss(), (System.nanoTime() - start) / 1_000_000));
        }
    }
}
