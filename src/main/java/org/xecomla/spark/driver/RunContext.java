package org.xecomla.spark.driver;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Fingerprints;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.Revision;
import org.xecomla.run.RunLayout;

/** What a stage works with wherever it runs, in the driver or within a task. */
public class RunContext {
    private static final double NANOS = 1e9;

    private final RunConfig config;
    private final RunLayout layout;
    private final Consumer<String> console;
    private final RunControl control;
    private final Fingerprints fingerprints;

    /**
     * @param console is shown lines for a person
     * @param control of the run as a whole
     */
    public RunContext(RunConfig config, RunLayout layout, Consumer<String> console, RunControl control) {
        this.config = config;
        this.layout = layout;
        this.console = console;
        this.control = control;
        this.fingerprints = Fingerprints.ofRun(layout.data());
    }

    /** Work that nobody follows or stops: a part of a run. */
    public RunContext(RunConfig config, RunLayout layout, Consumer<String> console) {
        this(config, layout, console, new RunControl(layout.dir(), config.run().leaseTimeout()));
    }

    public final RunConfig config() {
        return config;
    }

    public final RunLayout layout() {
        return layout;
    }

    public final Consumer<String> console() {
        return console;
    }

    public final RunControl control() {
        return control;
    }

    /** Of what the run is made from. */
    public final Fingerprints fingerprints() {
        return fingerprints;
    }

    /** Shows a line of stage {@code stage}. */
    public final void say(String stage, String text) {
        console.accept(String.format(Locale.ROOT, "%-8s %s", stage, text));
    }

    /**
     * Makes the output of a stage, unless it is there: a complete one is kept, a part is gone on with.
     *
     * @param work makes what is missing and returns its counts
     * @throws org.xecomla.errors.UserException when the directory holds the output of another configuration
     */
    public final void complete(
            String stage, StageDirectory directory, Manifest asked, Supplier<Map<String, Long>> work) {
        StageDirectory.State state = directory.prepare(asked);
        String where = DataFiles.display(directory.path());
        if (state == StageDirectory.State.COMPLETE) {
            say(
                    stage,
                    "kept " + where + ", which is complete: "
                            + describe(directory.manifest().counts()));
            return;
        }
        if (state == StageDirectory.State.PARTIAL) {
            say(stage, "goes on in " + where);
        }
        long start = System.nanoTime();
        Map<String, Long> counts = work.get();
        control.requireHeld();
        directory.complete(asked, counts, Optional.ofNullable(control.fence()));
        double seconds = (System.nanoTime() - start) / NANOS;
        say(stage, String.format(Locale.ROOT, "%s (%.1f s)", describe(counts), seconds));
    }

    private static String describe(Map<String, Long> counts) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(counts).forEach((name, count) -> text.append(text.isEmpty() ? "" : ", ")
                .append(String.format(Locale.ROOT, "%,d %s", count, name)));
        return text.toString();
    }

    /** What is asked of a stage under this configuration. */
    public final Manifest asked(String kind, Map<String, String> settings, Map<String, String> inputs) {
        return Manifest.asked(kind, 1, settings, config.run().seed(), Revision.current(), inputs);
    }
}
