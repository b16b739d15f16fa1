package org.xecomla.spark.stage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.run.RunModels;
import org.xecomla.safetensors.Dtype;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;

/** The student as it starts, made from the base's own weights in this JVM: one forward pass, then layer by layer. */
public final class InitStage extends SparkStage {
    public static final String NAME = "init";
    public static final String KIND = "student-init";

    InitStage() {
        super(NAME, KIND, List.of(ShardStage.NAME), layout -> List.of(layout.studentInit()));
    }

    @Override
    public void run(StageContext context) {
        context.byOneTask(NAME, "the student's start", InitStage::runHere);
    }

    /** Makes the student on this thread; its calibration text, where it needs one, is the beginning of the shards. */
    static void runHere(RunContext context) {
        RunConfig config = context.config();
        ModelDirectory base = RunModels.base(config);
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        InputDigests inputs = new InputDigests(context);
        inputs.model("base", base.path());
        if (plan.needsCalibration()) {
            inputs.stage("shards", context.layout().trainShards(), ShardStage.KIND);
        }
        StageDirectory output = context.layout().studentInit();
        context.complete(
                NAME,
                output,
                context.asked(KIND, config.settings("upcycle"), inputs.all()),
                () -> write(context, base, plan, output));
    }

    private static Map<String, Long> write(
            RunContext context, ModelDirectory base, UpcyclePlan plan, StageDirectory output) {
        RunConfig config = context.config();
        try (Kernels kernels = TaskKernels.of(config)) {
            try (Student student =
                    StudentInitializer.make(base, plan, () -> windows(context, plan), kernels, DataType.FLOAT)) {
                SaveOptions options = SaveOptions.of(Dtype.F32, RunModels.tokenizerPath(config));
                ModelDirectory.save(output.path(), student.config(), student.weights(), options);
                student.report().lines().forEach(line -> context.say(NAME, line));
                return Map.of(
                        "layers made latent", (long) plan.layers().size(),
                        "KV elements per token", (long) student.config().kvElementsPerToken());
            }
        }
    }

    private static List<TokenSequence> windows(RunContext context, UpcyclePlan plan) {
        try (TokenShards tokens =
                TokenShards.open(context.layout().trainShards().path())) {
            long wanted = plan.numCalibrationWindows(tokens.sequenceLength());
            List<TokenSequence> windows = new ArrayList<>();
            for (long s = 0; s < Math.min(wanted, tokens.numSequences()); s++) {
                windows.add(tokens.sequence(s));
            }
            return windows;
        }
    }
}
