package org.xecomla.cli;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a file was refused.
 *
 * @param kind whether that is as it should be
 * @param line what a person reads, or what a developer has to see
 */
record Refusal(Kind kind, String line) {
    private static final int MAX_CHARS = 1100;

    /** Words of a program where those of a file should be. */
    private static final Pattern PROGRAM = Pattern.compile(
            "Exception|org\\.xecomla|com\\.fasterxml|java\\.|com\\.typesafe|org\\.apache|jackson|\\$\\d|"
                    + "VALUE_|START_OBJECT|ALLOW_|FAIL_ON|Unexpected character|\u001b");

    enum Kind {
        CLEAR,
        UNCLEAR,
        TRACE,
        CRASH
    }

    /**
     * @param place the directory of the file, which the line has to name
     * @param said what the file itself says, and a line may quote
     */
    static Refusal of(Throwable thrown, Path place, String said) {
        String line = Errors.forPeople(thrown);
        if (thrown instanceof Error) {
            return new Refusal(Kind.CRASH, thrown + " at " + thrown.getStackTrace()[0]);
        }
        if (line == null) {
            return new Refusal(Kind.TRACE, thrown + " at " + thrown.getStackTrace()[0]);
        }
        boolean clear = line.contains(place.toString())
                && line.length() < MAX_CHARS
                && !speaksOfProgram(line.replace(place.toString(), ""), said);
        return new Refusal(clear ? Kind.CLEAR : Kind.UNCLEAR, line);
    }

    private static boolean speaksOfProgram(String line, String said) {
        Matcher words = PROGRAM.matcher(line);
        while (words.find()) {
            if (!said.contains(words.group())) {
                return true;
            }
        }
        return false;
    }
}
