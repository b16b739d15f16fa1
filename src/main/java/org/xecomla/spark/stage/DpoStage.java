package org.xecomla.spark.stage;

import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.Manifest;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunOrigin;
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
public final class DpoStage {
    public static final String NAME = "dpo";
    static final String KIND = "dpo";

    private final StageContext context;

    public DpoStage(StageContext context) {
        this.context = context;
    }

    /** @throws ConfigException where no preferences are named */
    public void run() {
        if (!context.config().dpo().isEnabled()) {
            throw new ConfigException("dpo.train names no file: give it at least one file of preferences");
        }
        new PairStage(context).run();
        new ReferenceStage(context).run();
        train();
    }

    /** The student as a run leaves it: after the preference stage where one is asked for, else after distillation. */
    static Path student(RunConfig config, RunLayout layout) {
        return config.dpo().isEnabled() ? TrainingLegs.result(layout.dpo(), KIND) : DistillStage.student(layout);
    }

    private void train() {
        RunLayout layout = context.layout();
        Map<String, String> settings =
                ReplicasConfig.decisive(NAME, context.config().settings(NAME));
        settings.keySet().removeIf(key -> key.equals("dpo.train") || key.startsWith("dpo.valid"));
        Path student = DistillStage.student(layout);
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("pairs", InputDigests.ofStage(layout.trainPairs(), PairStage.KIND));
        inputs.put("reference", InputDigests.ofStage(layout.trainReference(), ReferenceStage.KIND));
        inputs.put("student", InputDigests.ofModel(student));
        Manifest asked = context.asked(KIND, settings, inputs);
        Work work = new Work(context.config(), layout, student, inputs.get("student"));
        context.complete(
                NAME, layout.dpo(), asked, () -> new TrainingLegs<>(context, work, RunOrigin.of(asked)).train());
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

        private Map<String, Long> counts() {
            return layout.trainPairs().manifest().counts();
        }

        @Override
        public Samples<PreferenceSample> open() {
            long tokensPerPair = counts().get(PairStage.TOKENS) / counts().get(PairStage.PAIRS);
            return PreferenceData.open(
                    layout.trainPairs().path(),
                    layout.trainReference().path(),
                    ModelDirectory.open(start).config(),
                    startDigest,
                    Math.toIntExact(tokensPerPair));
        }

        @Override
        public TrainingPlan plan(Samples<PreferenceSample> samples) {
            int longest = Math.toIntExact(counts().get(PairStage.LONGEST));
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
