package org.xecomla.spark;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.RunConfig;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;

/** What a stage of a run works with that has Spark do its work. */
record StageContext(JavaSparkContext spark, RunContext run) {
    /** What an ordinary task does with its item. It may be run again. */
    @FunctionalInterface
    interface Task<T, R> extends Serializable {
        R run(T item) throws Exception;
    }

    /** @param console is shown lines for a person */
    static StageContext of(JavaSparkContext spark, RunConfig config, Consumer<String> console) {
        return new StageContext(spark, new RunContext(config, RunLayout.of(config), console));
    }

    RunConfig config() {
        return run.config();
    }

    RunLayout layout() {
        return run.layout();
    }

    Consumer<String> console() {
        return run.console();
    }

    void say(String stage, String text) {
        run.say(stage, text);
    }

    void complete(String stage, StageDirectory directory, Manifest asked, Supplier<Map<String, Long>> work) {
        run.complete(stage, directory, asked, work);
    }

    Manifest asked(String kind, Map<String, String> settings, Map<String, String> inputs) {
        return run.asked(kind, settings, inputs);
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
}
