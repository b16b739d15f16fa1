package org.xecomla.cli;

import java.io.PrintWriter;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.stage.Stages;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Draws a run, finished or not, as one page. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description =
                "Writes report.html into the directory of a run: result, frontier, decoding, curves, configuration and"
                        + " digests on one page that needs no other file.")
final class ReportCommand extends ConsoleCommand {
    @Parameters(paramLabel = "DIR", description = "run.dir of the run.")
    private String directory;

    @Override
    int run(PrintWriter console) {
        console.println(DataFiles.display(Stages.report(DataFiles.path(directory))));
        return 0;
    }
}
