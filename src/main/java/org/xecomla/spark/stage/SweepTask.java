package org.xecomla.spark.stage;

import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.config.ReplicasConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.spark.driver.Progress;
import org.xecomla.spark.driver.ProgressSink;
import org.xecomla.spark.driver.RunContext;

/**
 * One run of a sweep within one task, by one replica: the student's start, its training, its measurement, each as in an
 * ordinary run. Done again after a failure it goes on where it stopped.
 *
 * @param context of the run
 * @param tokensDone receives the tokens trained on
 */
record SweepTask(RunContext context, LongAccumulator tokensDone) {
    static final String KIND = "sweep-run";
    static final String START = "student-init";
    static final String STUDENT = "student";

    private static final Logger log = LoggerFactory.getLogger(SweepTask.class);

    static SweepTask of(SweepRun run, LongAccumulator tokensDone) {
        RunContext context = new RunContext(run.config(), run.layout(), line -> log.info("{}: {}", run.name(), line));
        return new SweepTask(context, tokensDone);
    }

    /** @param numTokens of the whole training, for the meter where all is there already */
    void run(long numTokens) {
        StageDirectory whole = context.layout().whole();
        Manifest asked = asked();
        if (whole.prepare(asked) == StageDirectory.State.COMPLETE) {
            tokensDone.add(numTokens);
            return;
        }
        InitStage.runHere(context);
        DistillStage.runHere(context, new Counter(tokensDone));
        RunLayout layout = context.layout();
        Map<String, Path> models = Map.of(START, layout.studentInit().path(), STUDENT, DistillStage.student(layout));
        EvalStage.runHere(context, layout.eval(), models);
        // the parts' manifests hold their files
        whole.complete(asked, layout.distill().manifest().counts(), Map.of());
    }

    private Manifest asked() {
        RunConfig config = context.config();
        RunLayout layout = context.layout();
        Map<String, String> settings =
                new TreeMap<>(config.settings("upcycle", "targets", "eval.max-windows", "sweep.test-windows"));
        settings.putAll(ReplicasConfig.decisive(DistillStage.NAME, config.settings(DistillStage.NAME)));
        InputDigests inputs = new InputDigests(context)
                .model("base", RunModels.basePath(config))
                .stage("train", layout.trainShards(), ShardStage.KIND)
                .stage("valid", layout.validShards(), ShardStage.KIND)
                .stage("targets", layout.targets(), TeacherStage.KIND);
        return context.asked(KIND, settings, inputs.all());
    }

    /** Adds what came since the last round. */
    private static final class Counter implements ProgressSink {
        private final LongAccumulator counter;
        private long last;

        Counter(LongAccumulator counter) {
            this.counter = counter;
        }

        @Override
        public void add(Progress progress) {
            counter.add(progress.tokens() - last);
            last = progress.tokens();
        }
    }
}
