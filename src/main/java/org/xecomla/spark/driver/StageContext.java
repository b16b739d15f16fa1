package org.xecomla.spark.driver;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.RunConfig;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunLayout;

/** What a stage of a run works with that has Spark do its work. */
public record StageContext(JavaSparkContext spark, ModelTasks modelTasks, RunContext run) {
    /** What an ordinary task does with its item. It may be run again. */
    @FunctionalInterface
    public interface Task<T, R> extends Serializable {
        R run(T item) throws Exception;
    }

    /** @param console is shown lines for a person */
    public static StageContext of(
            JavaSparkContext spark, RunConfig config, Consumer<String> console, RunControl control) {
        RunContext run = new RunContext(config, RunLayout.of(config), console, control);
        return new StageContext(spark, new ModelTasks(spark, config), run);
    }

    /** The same executors for another run. */
    public StageContext with(RunContext other) {
        return new StageContext(spark, modelTasks, other);
    }

    public RunConfig config() {
        return run.config();
    }

    public RunLayout layout() {
        return run.layout();
    }

    public Consumer<String> console() {
        return run.console();
    }

    public void say(String stage, String text) {
        run.say(stage, text);
    }

    public void complete(String stage, StageDirectory directory, Manifest asked, Supplier<Map<String, Long>> work) {
        run.complete(stage, directory, asked, work);
    }

    public Manifest asked(String kind, Map<String, String> settings, Map<String, String> inputs) {
        return run.asked(kind, settings, inputs);
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

    /** What one task does, which may be run again. */
    @FunctionalInterface
    public interface Work extends Serializable {
        void run(RunContext context);
    }

    /**
     * Runs {@code work} as one task that works on a model, since the driver may have neither the memory nor the GPU; on
     * master local in this thread, with all processors.
     */
    public void byOneTask(String stage, String description, Work work) {
        if (spark.isLocal()) {
            work.run(run);
            return;
        }
        RunConfig config = config();
        RunLayout layout = layout();
        List<ArrayList<String>> said = mapOnModels(stage, description, List.of(stage), ignored -> {
            ArrayList<String> lines = new ArrayList<>();
            work.run(new RunContext(config, layout, lines::add));
            return lines;
        });
        said.get(0).forEach(console());
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
