package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.xecomla.errors.UserException;
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
        PrintWriter console =
                new PrintWriter(new PrintableWriter(spec.commandLine().getOut()));
        try {
            return run(console);
        } catch (OutOfMemoryError e) {
            throw new UserException(
                    "out of memory (" + e.getMessage() + ", of "
                            + (Runtime.getRuntime().maxMemory() >> 20)
                            + " MiB for Java): give more by XECOMLA_JAVA_OPTS=-Xmx..., or of a"
                            + " run by spark.driver-memory;"
                            + " what is complete is kept",
                    e);
        } catch (StackOverflowError e) {
            throw new UserException("a file is nested too deeply to be read; what is complete is kept", e);
        } finally {
            console.flush();
        }
    }

    CommandSpec spec() {
        return spec;
    }
}
