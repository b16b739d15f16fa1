package org.xecomla.spark;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;

/**
 * What every stage of a run works with.
 *
 * @param console is shown lines for a person
 */
record StageContext(JavaSparkContext spark, RunConfig config, Consumer<String> console) {
    private static final double NANOS = 1e9;

    /** What an ordinary task does with its item. It may be run again. */
    @FunctionalInterface
    interface Task<T, R> extends Serializable {
        R run(T item) throws Exception;
    }

    RunLayout layout() {
        return new RunLayout(DataFiles.path(config.run().dir()));
    }

    /** Shows a line of stage {@code stage}. */
    void say(String stage, String text) {
        console.accept(String.format(Locale.ROOT, "%-8s %s", stage, text));
    }

    /**
     * Runs {@code task} on every item, each a Spark task of its own that is retried where it fails, and returns what came
     * out in the order of the items.
     *
     * @param description for Spark's own user interface
     * @throws org.xecomla.config.UserException when a task met something that the user must mend
     */
    <T, R> List<R> map(String stage, String description, List<T> items, Task<T, R> task) {
        spark.setJobDescription(stage + ": " + description);
        try {
            List<Outcome<R>> outcomes = spark.parallelize(items, items.size())
                    .map(item -> Outcome.ofRetryable(() -> task.run(item)))
                    .collect();
            return Outcome.values(outcomes);
        } finally {
            spark.setJobDescription(null);
        }
    }

    /** How many tasks the cluster can run at once, as far as it is known; at least 1. */
    int parallelism() {
        return Math.max(1, spark.defaultParallelism());
    }

    /**
     * Makes the output of a stage, unless it is there: a complete one is kept, a part is gone on with.
     *
     * @param work makes what is missing and returns its counts
     * @throws org.xecomla.config.UserException when the directory holds the output of another configuration
     */
    void complete(String stage, StageDirectory directory, Manifest asked, Supplier<Map<String, Long>> work) {
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
        directory.complete(counts);
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
    Manifest asked(String kind, Map<String, String> settings, Map<String, String> inputs) {
        return Manifest.asked(kind, 1, settings, config.run().seed(), Revision.current(), inputs);
    }
}
