package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What every command has: somewhere to print to. */
abstract class ConsoleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    /** Does the work and returns the exit code; what it printed is flushed afterwards. */
    abstract int run(PrintWriter console);

    @Override
    public final Integer call() {
        PrintWriter console = spec.commandLine().getOut();
        try {
            return run(console);
        } finally {
            console.flush();
        }
    }

    CommandSpec spec() {
        return spec;
    }
}
