package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import org.xecomla.spark.submit.SubmitArguments;
import org.xecomla.spark.submit.SubmitConf;
import picocli.CommandLine.Command;

/** Prints what spark-submit would be told, for schedulers that call it themselves. */
@Command(
        name = "properties",
        mixinStandardHelpOptions = true,
        description =
                "Prints what spark-submit would be told about a run, as the file that its --properties-file reads.")
final class PropertiesCommand extends ConfiguredCommand {
    @Override
    int run(PrintWriter console) {
        new SubmitArguments(config(), SubmitConf.Application.here(), List.of(), System.getenv())
                .properties()
                .forEach(console::println);
        return 0;
    }
}
