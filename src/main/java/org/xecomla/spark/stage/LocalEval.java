package org.xecomla.spark.stage;

import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.eval.EvalResult;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.spark.driver.RunContext;

/** {@link EvalStage} on one thread, for the runs of a sweep: models scored one after the other. */
final class LocalEval {
    private final RunContext context;

    LocalEval(RunContext context) {
        this.context = context;
    }

    /** Scores {@code models}, by the names of their results. */
    void run(StageDirectory output, Map<String, Path> models) {
        Map<String, String> inputs = new TreeMap<>();
        inputs.put("shards", InputDigests.ofStage(context.layout().validShards(), ShardStage.KIND));
        inputs.put(
                "teacher",
                InputDigests.ofModel(RunModels.teacher(context.config()).path()));
        models.forEach((name, path) -> inputs.put(name, InputDigests.ofModel(path)));
        Map<String, String> settings = context.config().settings("eval.max-windows");
        context.complete(
                EvalStage.NAME, output, context.asked(EvalStage.KIND, settings, inputs), () -> write(output, models));
    }

    private Map<String, Long> write(StageDirectory output, Map<String, Path> models) {
        Path tokens = context.layout().validShards().path();
        long numWindows;
        try (TokenShards shards = TokenShards.open(tokens)) {
            numWindows = EvalStage.numWindows(context.config(), shards);
        }
        models.forEach((name, path) -> {
            EvalResult result = EvalResult.of(
                    EvalStage.score(context.config(), path, tokens, 0, numWindows),
                    ModelDirectory.open(path).config(),
                    RunModels.base(context.config()).dtype());
            DataFiles.writeString(output.file(file(name)), result.toJson());
        });
        return Map.of("models", (long) models.size(), "windows", numWindows);
    }

    /** The result called {@code name}. */
    static EvalResult result(StageDirectory output, String name) {
        return EvalResult.fromJson(DataFiles.readString(output.file(file(name))));
    }

    private static String file(String name) {
        return name + ".json";
    }
}
