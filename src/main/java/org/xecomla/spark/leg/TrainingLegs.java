package org.xecomla.spark.leg;

import java.time.Duration;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.RingGroup;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.report.ProgressLine;
import org.xecomla.spark.driver.MetricsLog;
import org.xecomla.spark.driver.Progress;
import org.xecomla.spark.driver.ProgressAccumulator;
import org.xecomla.spark.driver.ProgressListener;
import org.xecomla.spark.driver.ProgressSink;
import org.xecomla.spark.driver.RunControl;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.StoppedException;
import org.xecomla.train.TrainerCheckpoint;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingProgress;
import org.xecomla.train.data.Samples;

/**
 * A training stage by P replicas, in legs: a leg is one barrier job and ends when the run does or a task fails. The
 * next one starts from the newest complete checkpoint, with as many replicas as there are. Legs that bring no new
 * checkpoint are counted, and after a few the run stops.
 *
 * @param <S> a sample
 */
public final class TrainingLegs<S> {
    private static final Logger log = LoggerFactory.getLogger(TrainingLegs.class);
    private static final int FRUITLESS_LEGS = 3;
    private static final String STEPS = "steps";

    private final StageContext context;
    private final RunConfig config;
    private final TrainingWork<S> work;
    private final Manifest asked;
    private final TrainingPlan plan;

    /** @param asked of the stage, which its checkpoints repeat */
    public TrainingLegs(StageContext context, TrainingWork<S> work, Manifest asked) {
        this.context = context;
        this.config = context.config();
        this.work = work;
        this.asked = asked;
        try (Samples<S> samples = work.open()) {
            this.plan = work.plan(samples);
        }
    }

    /** What a finished training stage has made: its last checkpoint. */
    public static Path result(StageDirectory directory, String kind) {
        directory.requireComplete(kind);
        return TrainerCheckpoint.path(directory.path(), directory.count(STEPS));
    }

    /** Trains to the end of the plan; returns the stage's counts. */
    public Map<String, Long> train() {
        TrainerCheckpoint checkpoints = TrainingTask.checkpoints(config, work.output(), asked);
        RunControl control = context.control();
        control.training(true);
        try {
            return train(checkpoints, control);
        } finally {
            control.training(false);
        }
    }

    private Map<String, Long> train(TrainerCheckpoint checkpoints, RunControl control) {
        int generation = 0;
        int fruitless = 0;
        TrainingProgress done = newest(checkpoints);
        while (done.step() < plan.numSteps()) {
            requireWanted(control, done);
            String failure = leg(done, ++generation);
            TrainingProgress now = newest(checkpoints);
            fruitless = now.step() > done.step() ? 0 : fruitless + 1;
            done = now;
            if (failure != null) {
                context.say(work.name(), "leg " + generation + " ended early: " + failure);
            }
            if (fruitless >= FRUITLESS_LEGS) {
                throw new UserException(fruitless + " legs in a row brought no new checkpoint; the last one "
                        + (failure == null ? "ended as if it had" : "ended by: " + failure)
                        + "; look at the executors' logs, then start the run again: it goes on from step "
                        + done.step());
            }
        }
        return finished(work, done);
    }

    private void requireWanted(RunControl control, TrainingProgress done) {
        if (control.stopRequested()) {
            throw new StoppedException("stopped by SIGTERM after step " + done.step() + " of " + plan.numSteps()
                    + ", whose checkpoint is written: run the same command again to go on");
        }
    }

    /**
     * Trains to the end of the plan with one replica on this thread, from the newest checkpoint; returns the counts.
     */
    public static <S> Map<String, Long> trainHere(
            RunConfig config, TrainingWork<S> work, Manifest asked, ProgressSink progress) {
        TrainerCheckpoint checkpoints = TrainingTask.checkpoints(config, work.output(), asked);
        long from = newest(checkpoints).step();
        new TrainingTask<>(config, work, asked, from, progress, null, null).run(ParameterAveraging.alone());
        return finished(work, newest(checkpoints));
    }

    private static Map<String, Long> finished(TrainingWork<?> work, TrainingProgress done) {
        MetricsLog.join(work.output());
        return Map.of(STEPS, done.step(), "tokens", done.numTokens());
    }

    private static TrainingProgress newest(TrainerCheckpoint checkpoints) {
        return checkpoints
                .newestAndSetAsideDamaged()
                .map(TrainerCheckpoint.Saved::progress)
                .orElse(TrainingProgress.START);
    }

    /** Runs one leg; returns why it ended early, or null. */
    private String leg(TrainingProgress from, int generation) {
        int wanted = work.replicas().count();
        context.modelTasks().requireExecutor();
        Duration patience = work.replicas().averaging().executorTimeout();
        int replicas = Math.max(1, context.modelTasks().awaitSlots(wanted, patience));
        if (replicas < wanted) {
            context.say(work.name(), "goes on with " + replicas + " of " + wanted + " replicas");
        }
        if (from.step() > 0) {
            context.say(work.name(), "goes on from step " + from.step());
        }
        ProgressAccumulator accumulator = new ProgressAccumulator();
        context.spark().sc().register(accumulator, ProgressAccumulator.NAME);
        ProgressListener listener = new ProgressListener(progress -> show(progress, from));
        context.spark().sc().addSparkListener(listener);
        context.spark().setJobDescription(work.name() + ": leg " + generation + " from step " + from.step());
        try {
            RingGroup group = RingGroup.create(work.output().toString(), generation, replicas);
            TrainingTask<S> task = new TrainingTask<>(
                    config,
                    work,
                    asked,
                    from.step(),
                    accumulator,
                    context.control().stopFile(),
                    context.control().fence());
            BarrierLeg.run(context.modelTasks(), group, work.replicas().averaging(), task);
            listener.report(accumulator.value());
            return null;
        } catch (UserException e) {
            throw e;
        } catch (Exception e) {
            log.debug("leg {} ended", generation, e);
            return firstLine(e);
        } finally {
            context.spark().sc().removeSparkListener(listener);
            context.spark().setJobDescription(null);
        }
    }

    private void show(Progress progress, TrainingProgress from) {
        ProgressLine line = new ProgressLine(
                progress.step(),
                plan.numSteps(),
                progress.tokens(),
                progress.loss(),
                Duration.ofMillis(progress.millis()),
                progress.step() - from.step(),
                progress.tokens() - from.numTokens());
        context.say(work.name(), line.format());
        context.control().progress(progress, line.left().toSeconds());
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }
}
