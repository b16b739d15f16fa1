package org.xecomla.cli;

/** What a command would print of a failure, for tests of other packages. */
public final class PeoplesLine {
    private PeoplesLine() {}

    /** The one line for a person; null where a command would print a stack trace. */
    public static String of(Throwable thrown) {
        return Errors.forPeople(thrown);
    }
}
