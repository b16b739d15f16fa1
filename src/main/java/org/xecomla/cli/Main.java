package org.xecomla.cli;

import org.xecomla.spark.driver.SparkApplication;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of {@code submit/xecomla COMMAND}. */
@Command(
        name = "xecomla",
        description = "Upcycles the attention of a Llama checkpoint to MLA and distils it, on Apache Spark.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        version = "xecomla-spark 0.1.0",
        subcommands = {
            RunCommand.class,
            StageCommand.class,
            ShardCommand.class,
            TeacherCommand.class,
            DistillCommand.class,
            DpoCommand.class,
            SweepCommand.class,
            ReportCommand.class,
            InspectCommand.class,
            LogitsCommand.class,
            InitCommand.class,
            EvalCommand.class,
            BenchCommand.class,
            FidelityCommand.class,
            AveragingCommand.class,
            GenerateCommand.class,
            ExportCommand.class,
            EstimateCommand.class,
            DoctorCommand.class,
            PretrainCommand.class,
            StoriesCommand.class,
            TokenizerCommand.class
        })
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        SparkApplication.main(() -> commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        Errors errors = new Errors();
        return new CommandLine(new Main())
                .setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }
}
