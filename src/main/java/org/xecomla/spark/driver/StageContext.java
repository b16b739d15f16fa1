package org.xecomla.spark.driver;

import java.io.Serializable;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.RunConfig;
import org.xecomla.run.RunLayout;

/** What a stage of a run works with that has Spark do its work. */
public final class StageContext extends RunContext {
    private final JavaSparkContext spark;
    private final ModelTasks modelTasks;

    /** What an ordinary task does with its item. It may be run again. */
    @FunctionalInterface
    public interface Task<T, R> extends Serializable {
        R run(T item) throws Exception;
    }

    private StageContext(
            JavaSparkContext spark,
            ModelTasks modelTasks,
            RunConfig config,
            RunLayout layout,
            Consumer<String> console,
            RunControl control) {
        super(config, layout, console, control);
        this.spark = spark;
        this.modelTasks = modelTasks;
    }

    /** @param console is shown lines for a person */
    public static StageContext of(
            JavaSparkContext spark, RunConfig config, Consumer<String> console, RunControl control) {
        RunLayout layout = RunLayout.of(config);
        return new StageContext(spark, new ModelTasks(spark, config), config, layout, console, control);
    }

    /** The same executors for another run. */
    public StageContext with(RunConfig otherConfig, RunLayout otherLayout) {
        return new StageContext(spark, modelTasks, otherConfig, otherLayout, console(), control());
    }

    public JavaSparkContext spark() {
        return spark;
    }

    public ModelTasks modelTasks() {
        return modelTasks;
    }

    /**
     * Runs {@code task} on every item, each a Spark task of its own that is retried where it fails, and returns what
     * came out in the order of the items.
     *
     * @param description for Spark's own user interface
     * @throws org.xecomla.errors.UserException when a task met something that the user must mend
     */
    public <T, R> List<R> map(String stage, String description, List<T> items, Task<T, R> task) {
        return collect(stage, description, outcomes(items, task));
    }

    /** {@link #map} with tasks that work on a model. */
    public <T, R> List<R> mapOnModels(String stage, String description, List<T> items, Task<T, R> task) {
        modelTasks.requireExecutor();
        return collect(stage, description, modelTasks.on(outcomes(items, task)));
    }

    private <T, R> JavaRDD<Outcome<R>> outcomes(List<T> items, Task<T, R> task) {
        return spark.parallelize(items, items.size()).map(item -> Outcome.ofRetryable(() -> task.run(item)));
    }

    private <R> List<R> collect(String stage, String description, JavaRDD<Outcome<R>> outcomes) {
        spark.setJobDescription(stage + ": " + description);
        try {
            return Outcome.values(outcomes.collect());
        } finally {
            spark.setJobDescription(null);
        }
    }

    /** How many tasks on models the cluster can run at once, as far as it is known: more executors may still come. */
    public int parallelism() {
        return Math.max(config().distill().replicas().count(), modelTasks.slots());
    }
}
