package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RunStatus;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.stage.DistillStage;
import org.xecomla.spark.stage.EvalStage;
import org.xecomla.spark.stage.ExportStage;
import org.xecomla.spark.stage.InitStage;
import org.xecomla.spark.stage.ShardStage;
import org.xecomla.spark.stage.TeacherStage;

/**
 * The demo, all of its stages on its own model, with so little text and so few steps that a cluster is done in a
 * minute.
 */
public final class SmallDemo {
    static final int STEPS = 8;
    private static final int BATCH = 8;
    private static final int LENGTH = 128;
    private static final Path DEMO = Path.of("conf/demo");

    private SmallDemo() {}

    /** Writes the beginning of the demo's text into {@code dir}. */
    public static void writeText(Path dir) throws Exception {
        for (String file : List.of("train.jsonl", "valid.jsonl")) {
            try (Stream<String> lines = Files.lines(DEMO.resolve(file))) {
                Files.write(
                        dir.resolve(file),
                        lines.limit(file.startsWith("train") ? 120 : 20).toList());
            }
        }
    }

    /**
     * Settings of a run with two replicas.
     *
     * @param text where {@link #writeText} has put it, as the executors name it
     * @param model the demo's model, as the executors name it
     */
    public static Map<String, String> settings(String runDir, String text, String model) {
        Map<String, String> settings = new TreeMap<>();
        settings.put("run.dir", runDir);
        settings.put("base.path", model);
        settings.put("corpus.train", "[\"" + text + "/train.jsonl\"]");
        settings.put("corpus.valid", "[\"" + text + "/valid.jsonl\"]");
        settings.put("corpus.sequences-per-shard", "32");
        settings.put("sequence.length", Integer.toString(LENGTH));
        settings.put("upcycle.kv-lora-rank", "16");
        settings.put("upcycle.qk-rope-head-dim", "16");
        settings.put("upcycle.calibration-tokens", "1024");
        settings.put("targets.codec", "topk");
        settings.put("targets.k", "16");
        settings.put("distill.tokens", Integer.toString(STEPS * BATCH * LENGTH));
        settings.put("distill.batch-sequences", Integer.toString(BATCH));
        settings.put("distill.micro-batch-sequences", "4");
        settings.put("distill.learning-rate", "2e-3");
        settings.put("distill.replicas", "2");
        settings.put("distill.local-steps", "2");
        settings.put("distill.checkpoint-every", "4");
        settings.put("eval.max-windows", "16");
        settings.put("compute.threads", "1");
        settings.put("spark.executor-instances", "2");
        settings.put("spark.executor-cores", "1");
        settings.put("spark.executor-memory", "600m");
        settings.put("spark.driver-memory", "700m");
        return settings;
    }

    /** The demo's model on this machine. */
    public static String model() {
        return DEMO.resolve("model").toAbsolutePath().toString();
    }

    /** Looks at what a run has left in {@code runDir}: every stage complete, a student whose weights can be read. */
    public static void requireComplete(String runDir, String output) {
        RunLayout layout = new RunLayout(DataFiles.path(runDir));
        layout.trainShards().requireComplete(ShardStage.KIND);
        layout.targets().requireComplete(TeacherStage.KIND);
        layout.studentInit().requireComplete(InitStage.KIND);
        layout.distill().requireComplete(DistillStage.KIND);
        layout.eval().requireComplete(EvalStage.KIND);
        layout.export().requireComplete(ExportStage.KIND);
        assertEquals(STEPS, layout.distill().manifest().counts().get("steps"));
        RunStatus status = RunStatus.read(DataFiles.path(runDir));
        assertEquals(RunStatus.State.SUCCEEDED, status.state(), status::toString);
        ModelDirectory student = ModelDirectory.open(layout.export().path());
        assertEquals(160, student.config().kvElementsPerToken());
        assertTrue(TinyRun.weights(student).length > 1_000_000, output);
    }
}
