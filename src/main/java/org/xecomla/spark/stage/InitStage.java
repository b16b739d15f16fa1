package org.xecomla.spark.stage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.SaveOptions;
import org.xecomla.safetensors.Dtype;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.BaseWeights;
import org.xecomla.upcycle.Calibration;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.UpcyclePlan;

/** The student as it starts, made from the base's own weights in this JVM: one forward pass, then layer by layer. */
public final class InitStage {
    public static final String NAME = "init";
    public static final String KIND = "student-init";

    private final RunContext context;
    private final ModelDirectory base;
    private final UpcyclePlan plan;

    public InitStage(RunContext context, ModelDirectory base) {
        this.context = context;
        this.base = base;
        this.plan = UpcyclePlan.of(context.config().upcycle(), base.config());
    }

    /** Makes the student; its calibration text, where it needs one, is the beginning of the shards to train on. */
    public void run() {
        RunConfig config = context.config();
        StageDirectory shards = context.layout().trainShards();
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("base", InputDigests.ofModel(base.path()));
        if (plan.needsCalibration()) {
            inputs.put("shards", InputDigests.ofStage(shards, ShardStage.KIND));
        }
        StageDirectory output = context.layout().studentInit();
        context.complete(NAME, output, context.asked(KIND, config.settings("upcycle"), inputs), () -> write(output));
    }

    private Map<String, Long> write(StageDirectory output) {
        RunConfig config = context.config();
        try (Kernels kernels = TaskKernels.of(config)) {
            Calibration calibration =
                    plan.needsCalibration() ? StudentInitializer.calibrate(base, plan, windows(), kernels) : null;
            try (Student student =
                    StudentInitializer.initialise(BaseWeights.of(base), plan, calibration, DataType.FLOAT)) {
                Optional<org.apache.hadoop.fs.Path> tokenizer =
                        Optional.of(DataFiles.path(config.models().requireTokenizer()));
                SaveOptions options = new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, tokenizer);
                ModelDirectory.save(output.path(), student.config(), student.weights(), options);
                student.report().lines().forEach(line -> context.say(NAME, line));
                return Map.of(
                        "layers made latent", (long) plan.layers().size(),
                        "KV elements per token", (long) student.config().kvElementsPerToken());
            }
        }
    }

    private List<TokenSequence> windows() {
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
