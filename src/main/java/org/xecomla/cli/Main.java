package org.xecomla.cli;

import java.util.Arrays;
import java.util.List;
import org.xecomla.run.Revision;
import org.xecomla.spark.driver.SparkApplication;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of {@code submit/xecomla COMMAND}. */
@Command(
        name = "xecomla",
        description = "Upcycles the attention of a Llama checkpoint to MLA and distils it, on Apache Spark.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
public final class Main {
    /** What --version says. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"xecomla-spark " + Revision.current()};
        }
    }

    private Main() {}

    public static void main(String[] arguments) {
        SparkApplication.main(() -> commandLine().execute(arguments));
    }

    /** A fresh one: options keep what was given to them. */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Main());
        line.addSubcommand(ClusterCommand.RUN.commandLine());
        line.addSubcommand(new StageCommand());
        Arrays.stream(ClusterCommand.values())
                .filter(command -> command != ClusterCommand.RUN)
                .forEach(command -> line.addSubcommand(command.commandLine()));
        others().forEach(line::addSubcommand);
        Errors errors = new Errors();
        return line.setExecutionExceptionHandler(errors)
                .setParameterExceptionHandler(errors)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false);
    }

    /** Those that are no rows of {@link ClusterCommand}. */
    private static List<ConsoleCommand> others() {
        return List.of(
                new ReportCommand(),
                new InspectCommand(),
                new LogitsCommand(),
                new PreferencesCommand(),
                new InitCommand(),
                new EvalCommand(),
                new BenchCommand(),
                new FidelityCommand(),
                new AveragingCommand(),
                new GenerateCommand(),
                new ExportCommand(),
                new EstimateCommand(),
                new DoctorCommand(),
                new PropertiesCommand(),
                new PretrainCommand(),
                new StoriesCommand(),
                new TokenizerCommand());
    }
}
