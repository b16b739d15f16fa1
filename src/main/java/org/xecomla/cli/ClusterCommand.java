package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.Pipeline;
import org.xecomla.spark.driver.StoppedException;
import org.xecomla.spark.stage.SparkStage;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that runs stages of a configured run on Spark; {@code submit/xecomla} starts it by spark-submit. */
abstract class ClusterCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    private final List<SparkStage> stages;

    ClusterCommand(List<SparkStage> stages) {
        this.stages = stages;
    }

    @Override
    public Integer call() {
        return run(options.load(), stages, spec);
    }

    /** Runs {@code stages} on behalf of a command. */
    static int run(RunConfig config, List<SparkStage> stages, CommandSpec spec) {
        PrintWriter out = spec.commandLine().getOut();
        Pipeline pipeline = new Pipeline(config, commandLine(spec), line -> {
            out.println(line);
            out.flush();
        });
        try {
            pipeline.run(stages);
            return 0;
        } catch (StoppedException e) {
            out.println(e.getMessage());
            out.flush();
            return StoppedException.EXIT_CODE;
        }
    }

    private static String commandLine(CommandSpec spec) {
        return "submit/xecomla "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }
}
