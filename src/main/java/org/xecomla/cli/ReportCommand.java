package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Draws a run, finished or not, as one page. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description =
                "Writes report.html into the directory of a run: result, frontier, decoding, curves, configuration and"
                        + " digests on one page that needs no other file.")
final class ReportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "run.dir of the run.")
    private String directory;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter console = spec.commandLine().getOut();
        console.println(DataFiles.display(Stages.report(DataFiles.path(directory))));
        console.flush();
        return 0;
    }
}
