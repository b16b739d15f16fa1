package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.Freeze;
import org.xecomla.files.Manifest;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.train.data.TrainingData;
import org.xecomla.train.data.TrainingSequence;

/**
 * Runs of the {@link Tiny} model: ten steps of four sequences in rounds of two, checkpoints after steps 4, 6 and 10.
 */
final class TinyTraining {
    static final TokenObjective LOSS = new TokenObjective(0.2, 1);
    static final long NUM_SEQUENCES = 17;
    private static final Manifest ASKED =
            Manifest.asked("distill", 1, Map.of("distill.local-steps", "2"), 3, "test", Map.of());

    /** The power fails: nothing after it happens. */
    static final class PowerFailure extends RuntimeException {
        PowerFailure(long step) {
            super("after step " + step);
        }
    }

    private TinyTraining() {}

    static TrainerCheckpoint checkpoints(Path directory) {
        return new TrainerCheckpoint(directory, 2, ASKED, Optional.empty());
    }

    static TrainingPlan plan(double outerMomentum, Freeze freeze) {
        return plan(outerMomentum, freeze, 3);
    }

    static TrainingPlan plan(double outerMomentum, Freeze freeze, long seed) {
        RoundPlan rounds =
                new RoundPlan(2, AveragingConfig.What.WEIGHTS, false, outerMomentum > 0 ? 0.7 : 1, outerMomentum);
        return plan(rounds, freeze, seed, new LearningRateSchedule(0.02, 0.002, 2, 10), Double.POSITIVE_INFINITY, 10);
    }

    static TrainingPlan plan(
            RoundPlan rounds,
            Freeze freeze,
            long seed,
            LearningRateSchedule schedule,
            double maxLossGrowth,
            long numSteps) {
        return new TrainingPlan(
                numSteps,
                Tiny.LENGTH,
                4,
                2,
                schedule,
                new AdamW.Settings(0.9, 0.98, 1e-8, 0.01),
                new GradientClip(1),
                freeze,
                rounds,
                maxLossGrowth,
                3,
                ComputeConfig.Recompute.NONE,
                seed);
    }

    /**
     * Runs or goes on with a run, and returns the weights; fails after {@code failAfter} steps if it gets there.
     *
     * @param checkpoints null: none
     */
    static double[] run(
            TrainingPlan plan, TrainerCheckpoint checkpoints, ParameterAveraging averaging, long failAfter) {
        return run(plan, checkpoints, averaging, new Tiny.Data(NUM_SEQUENCES, true), metrics -> {
            if (metrics.step() == failAfter) {
                throw new PowerFailure(failAfter);
            }
        });
    }

    /** What happens after a step. */
    @FunctionalInterface
    interface AfterStep {
        void run(StepMetrics metrics);
    }

    /**
     * Runs or goes on with a run, and returns the weights.
     *
     * @param checkpoints null: none
     */
    static double[] run(
            TrainingPlan plan,
            TrainerCheckpoint checkpoints,
            ParameterAveraging averaging,
            TrainingData data,
            AfterStep afterStep) {
        return run(plan, checkpoints, averaging, data, afterStep, new NaiveKernels(ElementType.FLOAT));
    }

    /** The same on a machine of its own. */
    static double[] run(
            TrainingPlan plan,
            TrainerCheckpoint checkpoints,
            ParameterAveraging averaging,
            TrainingData data,
            AfterStep afterStep,
            Kernels kernels) {
        try (TrainingRun<TrainingSequence> run = new TrainingRun<>(plan, LOSS, Tiny.MODEL, kernels, averaging)) {
            run.start(weights -> RandomWeights.write(Tiny.MODEL, 7, weights));
            List<TrainListener> listeners = new ArrayList<>();
            if (checkpoints != null) {
                checkpoints.newest().ifPresent(saved -> run.resume(checkpoints, saved));
                listeners.add(run.savingTo(checkpoints));
            }
            listeners.add(new TrainListener() {
                @Override
                public void onStep(StepMetrics metrics) {
                    afterStep.run(metrics);
                }
            });
            averaging.barrier(); // every replica has chosen its checkpoint before one may remove it
            run.train(data, listeners);
            return Tiny.weights(run.replica());
        }
    }
}
