package org.xecomla.spark.stage;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.DpoConfig;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.files.Manifest;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.leg.TrainingLegs;
import org.xecomla.spark.leg.TrainingWork;
import org.xecomla.tensor.Kernels;
import org.xecomla.train.Objective;
import org.xecomla.train.TrainingPlan;
import org.xecomla.train.data.Samples;
import org.xecomla.train.preference.DpoObjective;
import org.xecomla.train.preference.PreferenceData;
import org.xecomla.train.preference.PreferenceSample;

/**
 * Direct Preference Optimization of the distilled student: pairs, the reference's log-probabilities of them, then
 * training by the same legs as distillation.
 */
public final class DpoStage extends SparkStage {
    public static final String NAME = "dpo";
    static final String KIND = "dpo";

    private static final String FILES = "preferences, JSON lines or Parquet";

    /** The student as a run leaves it: after the preference stage where one is asked for, else after distillation. */
    static Path student(RunConfig config, RunLayout layout) {
        return config.dpo().isEnabled() ? TrainingLegs.result(layout.dpo(), KIND) : DistillStage.student(layout);
    }

    DpoStage() {
        super(NAME, KIND, List.of(DistillStage.NAME), layout -> List.of(layout.dpo()));
    }

    @Override
    public boolean isEnabled(RunConfig config) {
        return config.dpo().isEnabled();
    }

    @Override
    public Optional<ReplicasConfig> replicas(RunConfig config) {
        return Optional.of(config.dpo().replicas());
    }

    @Override
    public void check(RunCheck check) {
        DpoConfig dpo = check.config().dpo();
        RunCheck.requireFiles("dpo.train", dpo.train(), FILES);
        dpo.valid().forEach(file -> RunCheck.requireFile("dpo.valid", file));
        dpo.maxLengthFor(check.base());
    }

    @Override
    public void run(StageContext context) {
        new PairStep(context).run();
        new ReferenceStep(context).run();
        train(context);
    }

    private static void train(StageContext context) {
        RunLayout layout = context.layout();
        Map<String, String> settings =
                ReplicasConfig.decisive(NAME, context.config().settings(NAME));
        settings.keySet().removeIf(key -> key.equals("dpo.train") || key.startsWith("dpo.valid"));
        Path student = DistillStage.student(layout);
        InputDigests inputs = new InputDigests(context);
        inputs.stage("pairs", layout.trainPairs(), PairStep.KIND);
        inputs.stage("reference", layout.trainReference(), ReferenceStep.KIND);
        inputs.model("student", student);
        Manifest asked = context.asked(KIND, settings, inputs.all());
        Work work = new Work(context.config(), layout, student, inputs.get("student"));
        context.complete(NAME, layout.dpo(), asked, () -> new TrainingLegs<>(context, work, asked).train());
    }

    /** What the replicas do. */
    private record Work(RunConfig config, RunLayout layout, Path start, String startDigest)
            implements TrainingWork<PreferenceSample> {
        @Override
        public String name() {
            return NAME;
        }

        @Override
        public Path output() {
            return layout.dpo().path();
        }

        @Override
        public Samples<PreferenceSample> open() {
            long tokensPerPair = layout.trainPairs().count(PairStep.TOKENS)
                    / layout.trainPairs().count(PairStep.PAIRS);
            return PreferenceData.open(
                    layout.trainPairs().path(),
                    layout.trainReference().path(),
                    ModelDirectory.open(start).config(),
                    startDigest,
                    Math.toIntExact(tokensPerPair));
        }

        @Override
        public TrainingPlan plan(Samples<PreferenceSample> samples) {
            int longest = Math.toIntExact(layout.trainPairs().count(PairStep.LONGEST));
            return TrainingPlan.preferences(config, samples.numSamples(), longest);
        }

        @Override
        public Objective<PreferenceSample> objective(TrainingPlan plan, Kernels kernels) {
            return DpoObjective.of(config);
        }

        @Override
        public ReplicasConfig replicas() {
            return config.dpo().replicas();
        }
    }
}
