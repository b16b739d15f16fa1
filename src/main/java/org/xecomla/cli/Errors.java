package org.xecomla.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import org.xecomla.errors.Printable;
import org.xecomla.errors.UserException;
import picocli.CommandLine;

/** Turns what went wrong into one line for a person and an exit code; a stack trace is for our own mistakes only. */
final class Errors implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
    private static final int FAILED = 1;
    private static final int MISUSED = 2;
    private static final int MAX_CHARS = 1000;
    private static final int MAX_CHARS_OF_END = 200;

    @Override
    public int handleExecutionException(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        String line = forPeople(e);
        if (line != null) {
            command.getErr().println(nameOf(command) + ": " + line);
        } else {
            command.getErr().println(nameOf(command) + ": internal error, please report it with what follows");
            e.printStackTrace(command.getErr());
        }
        command.getErr().flush();
        return FAILED;
    }

    @Override
    public int handleParseException(CommandLine.ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        command.getErr()
                .println(nameOf(command) + ": " + oneLine(e.getMessage()) + " (see submit/" + nameOf(command)
                        + " --help)");
        command.getErr().flush();
        return MISUSED;
    }

    private static String nameOf(CommandLine command) {
        return command.getCommandSpec().qualifiedName();
    }

    /** The one line, or null where the cause is not something that the user did. */
    static String forPeople(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof UserException || isNamed(t)) {
                return oneLine(t.getMessage());
            }
            if (t instanceof FileNotFoundException || t instanceof NoSuchFileException) {
                return "no such file: " + oneLine(t.getMessage());
            }
            if (t instanceof OutOfMemoryError) {
                return "out of memory: give more by spark.executor-memory or spark.driver-memory; what is complete is"
                        + " kept";
            }
            if (t instanceof IOException && t.getCause() == null && t.getMessage() != null) {
                return oneLine(t.getMessage());
            }
        }
        return null;
    }

    /** Whether it says more than its cause does: which file it was. */
    private static boolean isNamed(Throwable t) {
        return t instanceof UncheckedIOException
                && !String.valueOf(t.getCause()).equals(t.getMessage());
    }

    private static String oneLine(String message) {
        String line = Printable.of(String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", "; "));
        return line.length() <= MAX_CHARS
                ? line
                : line.substring(0, MAX_CHARS - MAX_CHARS_OF_END) + " ... "
                        + line.substring(line.length() - MAX_CHARS_OF_END);
    }
}
