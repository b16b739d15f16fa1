package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.xecomla.config.RunConfig;
import org.xecomla.spark.Pipeline;
import org.xecomla.spark.Stage;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that runs stages of a configured run on Spark; {@code submit/xecomla} starts it by spark-submit. */
abstract class ClusterCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options;

    @Spec
    private CommandSpec spec;

    private final List<Stage> stages;

    ClusterCommand(List<Stage> stages) {
        this.stages = stages;
    }

    @Override
    public Integer call() {
        RunConfig config = options.load();
        PrintWriter out = spec.commandLine().getOut();
        new Pipeline(config, commandLine(), line -> {
                    out.println(line);
                    out.flush();
                })
                .run(stages);
        return 0;
    }

    private String commandLine() {
        return "submit/xecomla "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }
}
