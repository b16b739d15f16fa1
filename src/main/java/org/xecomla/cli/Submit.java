package org.xecomla.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.xecomla.spark.submit.SubmitArguments;
import org.xecomla.spark.submit.SubmitConf;
import picocli.CommandLine;

/**
 * Says how {@code submit/xecomla} starts a command: prints {@value #PLAIN}, or {@value #SUBMIT}, the name of a file
 * with secrets (empty: there are none) and the arguments of spark-submit without those of the command, each word ended
 * by NUL, since a word may hold any other character.
 *
 * <p>Arguments: the command with its options, {@code --}, options of spark-submit.
 */
public final class Submit {
    static final String PLAIN = "plain";
    static final String SUBMIT = "submit";

    /** How spark-submit names the file with secrets: {@code submit/xecomla} opens it and removes its name. */
    private static final String SECRETS = "/dev/fd/8";

    private Submit() {}

    public static void main(String[] arguments) {
        List<String> words = List.of(arguments);
        int split = words.indexOf("--");
        CommandLine main = Main.commandLine();
        String[] command = words.subList(0, split < 0 ? words.size() : split).toArray(String[]::new);
        List<String> flags = split < 0 ? List.of() : words.subList(split + 1, words.size());
        main.setExecutionStrategy(parsed -> start(parsed, flags));
        System.exit(main.execute(command));
    }

    private static int start(CommandLine.ParseResult parsed, List<String> flags) {
        try {
            print(isSubmitted(parsed) ? submitted(command(parsed), flags) : List.of(PLAIN));
            return 0;
        } catch (RuntimeException e) { // for the handler of errors, which names the command
            throw new CommandLine.ExecutionException(
                    last(parsed).commandSpec().commandLine(), "cannot be submitted", e);
        }
    }

    private static CommandLine.ParseResult last(CommandLine.ParseResult parsed) {
        return parsed.hasSubcommand() ? last(parsed.subcommand()) : parsed;
    }

    /** Whether spark-submit has to start what was parsed: help needs neither configuration nor cluster. */
    static boolean isSubmitted(CommandLine.ParseResult parsed) {
        CommandLine.ParseResult last = last(parsed);
        return !last.isUsageHelpRequested()
                && !last.isVersionHelpRequested()
                && last.commandSpec().userObject() instanceof ConfiguredCommand command
                && command.isOnCluster();
    }

    static ConfiguredCommand command(CommandLine.ParseResult parsed) {
        return (ConfiguredCommand) last(parsed).commandSpec().userObject();
    }

    private static List<String> submitted(ConfiguredCommand command, List<String> flags) {
        SubmitArguments arguments =
                new SubmitArguments(command.config(), SubmitConf.Application.here(), flags, System.getenv());
        Map<String, String> secrets = arguments.secrets();
        return secrets.isEmpty()
                ? words("", arguments.words())
                : words(write(arguments.properties(secrets)), arguments.wordsWithSecretsIn(SECRETS));
    }

    private static List<String> words(String file, List<String> arguments) {
        return Stream.concat(Stream.of(SUBMIT, file), arguments.stream()).toList();
    }

    /** A file that its owner alone can read, as all that Java makes for a while. */
    private static String write(List<String> lines) {
        try {
            return Files.write(Files.createTempFile("xecomla", ".properties"), lines)
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write a file for the secrets of spark.conf: " + e.getMessage(), e);
        }
    }

    private static void print(List<String> words) {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String word : words) {
            out.print(word);
            out.print('\0');
        }
        out.flush();
    }
}
