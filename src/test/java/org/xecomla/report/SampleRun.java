package org.xecomla.report;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;

/** A run's directory with some of everything that a report shows. */
final class SampleRun {
    static final String COMMAND = "submit/xecomla run --conf conf/<mine>.conf -D run.seed=7";
    static final int NUM_ROUNDS = 40;

    private final org.apache.hadoop.fs.Path dir;

    private SampleRun(Path dir) {
        this.dir = DataFiles.path(dir.toString());
    }

    /** Writes a finished run into {@code dir}, with a sweep's frontier and a decode sweep. */
    static void write(Path dir) {
        SampleRun run = new SampleRun(dir);
        run.stage("shards/train", "shards", "train-00000.tok", "tokens");
        run.writeMetrics();
        run.stage("distill", "distill", "step-000400/model.safetensors", "steps");
        ResultTable.Row base = new ResultTable.Row("base", 1.82, OptionalDouble.of(0), 640, 1280);
        ResultTable.Row start =
                new ResultTable.Row("right after initialisation", 4.058, OptionalDouble.of(0.7896), 160, 320);
        ResultTable.Row end = new ResultTable.Row("distilled", 1.855, OptionalDouble.of(0.0193), 160, 320);
        run.put("eval/result.json", new ResultTable(base, start, end, "bfloat16").toJson());
        run.stage("eval", "eval", "base.json", "models");
        run.put("frontier/" + Frontier.FILE, frontier().toJson());
        run.stage("frontier", "frontier", "frontier.txt", "runs");
        run.put("decode/" + DecodeSweep.FILE, decode().toJson());
        RunRecord.note(run.dir, COMMAND, "1.2.3+abc1234", Map.of("run.seed", "7", "upcycle.method", "aligned"));
    }

    static Frontier frontier() {
        return new Frontier(
                "bfloat16",
                new Frontier.Model(1.82, 0, 640, 1280),
                List.of(run("aligned", 640, 2.69, 1.83), run("aligned", 320, 3.7, 1.85), run("xecomla", 320, 54, 2.0)));
    }

    private static Frontier.Run run(String method, long bytes, double start, double end) {
        return new Frontier.Run(
                method + "-" + bytes,
                method,
                "topk",
                400_000,
                16,
                8,
                "",
                "",
                42,
                Math.log(end) - 0.55,
                new Frontier.Model(start, Math.log(start), bytes / 2, bytes),
                new Frontier.Model(end, Math.log(end) - 0.55, bytes / 2, bytes));
    }

    static DecodeSweep decode() {
        return new DecodeSweep(
                "base",
                "student",
                "a processor",
                2,
                "float32",
                16,
                List.of(
                        new DecodeSweep.Cell(64, 1, 1000, 900, 163_840, 40_960),
                        new DecodeSweep.Cell(256, 1, 800, 1200, 655_360, 163_840)));
    }

    private void put(String name, String text) {
        DataFiles.writeString(new org.apache.hadoop.fs.Path(dir, name), text);
    }

    private void stage(String name, String kind, String file, String counted) {
        StageDirectory stage = new StageDirectory(new org.apache.hadoop.fs.Path(dir, name));
        stage.begin(
                Manifest.asked(kind, 1, Map.of(kind + ".key", "value"), 7, "1.2.3+abc1234", Map.of("base", "d1ge57")));
        DataFiles.writeString(stage.file(file), "the contents of " + file);
        stage.complete(stage.manifest(), Map.of(counted, 1234L));
    }

    private void writeMetrics() {
        StringBuilder lines = new StringBuilder();
        TensorBoardEvents events = new TensorBoardEvents(1_700_000_000);
        for (int round = 1; round <= NUM_ROUNDS; round++) {
            double kl = 2.0 / (round * round);
            Map<String, Double> values = new LinkedHashMap<>();
            values.put("loss", kl + 0.001);
            values.put("kl", kl);
            values.put("gradient_norm", 1.0 / round);
            values.put("learning_rate", 2e-3 * (1 - round / 50.0));
            lines.append(String.format(Locale.ROOT, "{\"step\":%d,\"tokens\":%d", round * 10, round * 10_000));
            values.forEach((name, value) -> lines.append(",\"" + name + "\":" + value));
            lines.append(",\"seconds_of_leg\":1.5}\n");
            events.add(1_700_000_000 + round, round * 10, values);
            if (round == NUM_ROUNDS / 2) {
                putEvents(round, events);
                events = new TensorBoardEvents(1_700_000_000 + round);
            }
        }
        putEvents(NUM_ROUNDS, events);
        put("distill/metrics.jsonl", lines.toString());
    }

    private void putEvents(int round, TensorBoardEvents events) {
        String name = String.format(Locale.ROOT, "distill/tensorboard/events.out.tfevents.%010d.xecomla", round * 10);
        byte[] bytes = events.toBytes();
        DataFiles.writeAtomically(new org.apache.hadoop.fs.Path(dir, name), out -> out.write(bytes));
    }
}
