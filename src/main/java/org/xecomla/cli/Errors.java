package org.xecomla.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.xecomla.errors.UserException;
import picocli.CommandLine;

/** Turns what went wrong into one line for a person and an exit code; a stack trace is for our own mistakes only. */
final class Errors implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

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
                .println(nameOf(command) + ": " + e.getMessage() + " (see submit/" + nameOf(command) + " --help)");
        command.getErr().flush();
        return MISUSED;
    }

    private static String nameOf(CommandLine command) {
        return command.getCommandSpec().qualifiedName();
    }

    /** The one line, or null where the cause is not something that the user did. */
    static String forPeople(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof UserException) {
                return oneLine(t.getMessage());
            }
            if (t instanceof FileNotFoundException || t instanceof NoSuchFileException) {
                return "no such file: " + oneLine(t.getMessage());
            }
            if (t instanceof IOException && t.getCause() == null && t.getMessage() != null) {
                return oneLine(t.getMessage());
            }
        }
        return null;
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
