package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import org.xecomla.report.RunRecord;
import org.xecomla.spark.Pipeline;
import org.xecomla.spark.driver.StoppedException;
import org.xecomla.spark.stage.SparkStage;
import picocli.CommandLine.Command;

/** Runs stages of a configured run on Spark; {@code submit/xecomla} starts it by spark-submit. */
@Command(mixinStandardHelpOptions = true)
class StagesCommand extends ConfiguredCommand {
    private final List<SparkStage> stages;

    StagesCommand(List<SparkStage> stages) {
        this.stages = stages;
    }

    List<SparkStage> stages() {
        return stages;
    }

    @Override
    boolean isOnCluster() {
        return true;
    }

    @Override
    int run(PrintWriter console) {
        List<String> words = spec().root().commandLine().getParseResult().originalArgs();
        Pipeline pipeline = new Pipeline(config(), RunRecord.command(words), line -> {
            console.println(line);
            console.flush();
        });
        try {
            pipeline.run(stages());
            return 0;
        } catch (StoppedException e) {
            console.println(e.getMessage());
            return StoppedException.EXIT_CODE;
        }
    }
}
