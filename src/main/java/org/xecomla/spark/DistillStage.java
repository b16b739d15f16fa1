package org.xecomla.spark;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.config.RunConfig;
import org.xecomla.config.UserException;
import org.xecomla.corpus.TokenShards;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.report.ProgressLine;
import org.xecomla.train.TrainerCheckpoint;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.TrainingProgress;

/**
 * Distillation by P replicas, in legs: a leg is one barrier job and ends when the run does or a task fails. The next one
 * starts from the newest complete checkpoint, with as many replicas as there are. Legs that bring no new checkpoint are
 * counted, and after a few the run stops.
 */
final class DistillStage {
    static final String NAME = "distill";
    static final String KIND = "distill";

    private static final Logger log = LoggerFactory.getLogger(DistillStage.class);
    private static final int FRUITLESS_LEGS = 3;
    private static final Duration NEIGHBOUR_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration EXECUTOR_WAIT = Duration.ofSeconds(60);

    private final StageContext context;
    private final RunConfig config;
    private final RunLayout layout;

    DistillStage(StageContext context) {
        this.context = context;
        this.config = context.config();
        this.layout = context.layout();
    }

    /** The distilled student of a run: its last checkpoint. */
    static Path student(RunLayout layout) {
        StageDirectory distill = layout.distill();
        distill.requireComplete(KIND);
        long step = distill.manifest().counts().get("steps");
        return TrainerCheckpoint.path(distill.path(), step);
    }

    /** Trains to the end of the plan. */
    void run() {
        Map<String, String> settings = new TreeMap<>(config.settings("distill"));
        // These change how the work is done and not what is asked for: a run may go on with others.
        settings.keySet().removeAll(Set.of("distill.replicas", "distill.averaging", "distill.checkpoint-every"));
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("shards", InputDigests.ofStage(layout.trainShards(), ShardStage.KIND));
        inputs.put("targets", InputDigests.ofStage(layout.targets(), TeacherStage.KIND));
        inputs.put("student-init", InputDigests.ofStage(layout.studentInit(), InitStage.KIND));
        Manifest asked = context.asked(KIND, settings, inputs);
        context.complete(NAME, layout.distill(), asked, () -> train(RunOrigin.of(asked)));
    }

    private Map<String, Long> train(RunOrigin origin) {
        TrainingPlan plan = plan();
        TrainerCheckpoint checkpoints = DistillTask.checkpoints(config, layout, origin);
        int generation = 0;
        int fruitless = 0;
        TrainingProgress done = newest(checkpoints);
        while (done.step() < plan.numSteps()) {
            String failure = leg(plan, origin, done, ++generation);
            TrainingProgress now = newest(checkpoints);
            fruitless = now.step() > done.step() ? 0 : fruitless + 1;
            done = now;
            if (failure != null) {
                context.say(NAME, "leg " + generation + " ended early: " + failure);
                if (fruitless >= FRUITLESS_LEGS) {
                    throw new UserException(fruitless
                            + " legs in a row brought no new checkpoint; the last one ended by: "
                            + failure + "; look at the executors' logs, then start the run again: it goes on from step "
                            + done.step());
                }
            }
        }
        MetricsLog.join(layout.distill().path());
        return Map.of("steps", done.step(), "tokens", done.tokens());
    }

    private TrainingPlan plan() {
        try (TokenShards tokens = TokenShards.open(layout.trainShards().path())) {
            return TrainingPlan.distillation(config, tokens.numSequences(), tokens.sequenceLength());
        }
    }

    private static TrainingProgress newest(TrainerCheckpoint checkpoints) {
        return checkpoints.newest().map(TrainerCheckpoint.Saved::progress).orElse(TrainingProgress.START);
    }

    /** Runs one leg; returns why it ended early, or null. */
    private String leg(TrainingPlan plan, RunOrigin origin, TrainingProgress from, int generation) {
        int replicas = Slots.await(context.spark(), config.distill().replicas().count(), EXECUTOR_WAIT);
        if (replicas < config.distill().replicas().count()) {
            context.say(
                    NAME,
                    "goes on with " + replicas + " of "
                            + config.distill().replicas().count() + " replicas");
        }
        if (from.step() > 0) {
            context.say(NAME, "goes on from step " + from.step());
        }
        ProgressAccumulator accumulator = new ProgressAccumulator();
        context.spark().sc().register(accumulator, ProgressAccumulator.NAME);
        ProgressListener listener = new ProgressListener(progress -> show(progress, plan, from));
        context.spark().sc().addSparkListener(listener);
        context.spark().setJobDescription(NAME + ": leg " + generation + " from step " + from.step());
        try {
            RingGroup group = RingGroup.create(layout.dir().toString(), generation, replicas);
            DistillTask task = new DistillTask(config, layout, origin, from.step(), accumulator);
            BarrierLeg.run(context.spark(), group, config.distill().replicas().averaging(), NEIGHBOUR_TIMEOUT, task);
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

    private void show(Progress progress, TrainingPlan plan, TrainingProgress from) {
        context.say(
                NAME,
                new ProgressLine(
                                progress.step(),
                                plan.numSteps(),
                                progress.tokens(),
                                progress.loss(),
                                Duration.ofMillis(progress.millis()),
                                progress.step() - from.step(),
                                progress.tokens() - from.tokens())
                        .format());
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }
}
