package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.files.Manifest;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.spark.driver.ProgressSink;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.leg.TrainingLegs;
import org.xecomla.spark.leg.TrainingWork;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.Objective;
import org.xecomla.train.Objectives;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.data.DistillationData;
import org.xecomla.train.data.Samples;
import org.xecomla.train.data.TrainingSequence;

/** Distillation: the student learns from the teacher's targets for the token shards. */
public final class DistillStage extends SparkStage {
    public static final String NAME = "distill";
    public static final String KIND = "distill";

    /** The distilled student of a run: its last checkpoint. */
    public static Path student(RunLayout layout) {
        return TrainingLegs.result(layout.distill(), KIND);
    }

    DistillStage() {
        super(
                NAME,
                KIND,
                List.of(ShardStage.NAME, TeacherStage.NAME, InitStage.NAME),
                layout -> List.of(layout.distill()));
    }

    @Override
    public Optional<ReplicasConfig> replicas(RunConfig config) {
        return Optional.of(config.distill().replicas());
    }

    /** Trains to the end of the plan, by replicas on the cluster. */
    @Override
    public void run(StageContext context) {
        complete(context, (work, asked) -> new TrainingLegs<>(context, work, asked).train());
    }

    /** Trains to the end of the plan with one replica on this thread. */
    static void runHere(RunContext context, ProgressSink progress) {
        complete(context, (work, asked) -> TrainingLegs.trainHere(context.config(), work, asked, progress));
    }

    private static void complete(RunContext context, BiFunction<Work, Manifest, Map<String, Long>> training) {
        RunLayout layout = context.layout();
        Map<String, String> settings =
                ReplicasConfig.decisive(NAME, context.config().settings(NAME));
        InputDigests inputs = new InputDigests(context);
        if (context.config().distill().hidden().isEnabled()) {
            inputs.requireStill("base", RunModels.basePath(context.config()), layout.studentInit());
        }
        inputs.stage("shards", layout.trainShards(), ShardStage.KIND);
        TeacherStage.requireAsked(context);
        inputs.stage("targets", layout.targets(), TeacherStage.KIND);
        inputs.stage("student-init", layout.studentInit(), InitStage.KIND);
        Manifest asked = context.asked(KIND, settings, inputs.all());
        Work work = new Work(context.config(), layout);
        context.complete(NAME, layout.distill(), asked, () -> training.apply(work, asked));
    }

    /** What the replicas do. */
    private record Work(RunConfig config, RunLayout layout) implements TrainingWork<TrainingSequence> {
        @Override
        public String name() {
            return NAME;
        }

        @Override
        public Path output() {
            return layout.distill().path();
        }

        @Override
        public Path start() {
            return layout.studentInit().path();
        }

        @Override
        public Samples<TrainingSequence> open() {
            return DistillationData.open(
                    layout.trainShards().path(),
                    layout.targets().path(),
                    ModelDirectory.open(start()).config(),
                    config.targets().temperature());
        }

        @Override
        public TrainingPlan plan(Samples<TrainingSequence> samples) {
            return TrainingPlan.distillation(config, samples.numSamples(), samples.tokensPerSample());
        }

        @Override
        public Objective<TrainingSequence> objective(TrainingPlan plan, Kernels kernels) {
            return Objectives.distillation(
                    config, plan, ModelDirectory.open(start()).config(), () -> RunModels.base(config), kernels);
        }

        @Override
        public ReplicasConfig replicas() {
            return config.distill().replicas();
        }
    }
}
