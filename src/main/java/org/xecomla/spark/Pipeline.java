package org.xecomla.spark;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.RunConfig;
import org.xecomla.config.SparkSettings;
import org.xecomla.errors.UserException;
import org.xecomla.files.RunLease;
import org.xecomla.files.RunStatus;
import org.xecomla.report.RunRecord;
import org.xecomla.run.Revision;
import org.xecomla.run.RunLayout;
import org.xecomla.spark.driver.RunControl;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.StoppedException;
import org.xecomla.spark.stage.SparkStage;

/**
 * Runs stages one after the other as one Spark application. What is there already is kept, what is there in part is
 * gone on with; {@code _STATUS.json} in the run's directory says where it stands.
 */
public final class Pipeline {
    private final RunConfig config;
    private final String command;
    private final Consumer<String> console;
    private final Function<SparkConf, JavaSparkContext> starter;

    /**
     * @param command the command line, for the run's record
     * @param console is shown lines for a person
     */
    public Pipeline(RunConfig config, String command, Consumer<String> console) {
        this(config, command, console, JavaSparkContext::new);
    }

    /** @param starter starts Spark, which is closed at the end */
    Pipeline(
            RunConfig config, String command, Consumer<String> console, Function<SparkConf, JavaSparkContext> starter) {
        this.config = config;
        this.command = command;
        this.console = console;
        this.starter = starter;
    }

    /**
     * Runs {@code wanted}, of several those that the configuration asks for: without preferences there is no such
     * stage. Everything that can be checked without work is checked before Spark starts.
     *
     * @throws UserException where something is wrong that the user can mend; the same stages may then be run again
     */
    public void run(List<SparkStage> wanted) {
        List<SparkStage> stages = wanted.stream()
                .filter(stage -> stage.isEnabled(config) || wanted.size() == 1)
                .toList();
        Preflight preflight = new Preflight(config);
        preflight.check(stages);
        SparkConf conf = new SparkConf(true).setIfMissing("spark.master", "local[*]");
        preflight.checkEncryption(conf, stages);
        preflight.describe(stages).forEach(console);
        conf.setIfMissing("spark.app.name", "xecomla");
        // What Spark's event log and user interface show of the configuration.
        conf.setIfMissing("spark.redaction.regex", SparkSettings.SECRET_KEYS);
        // A replica that hangs on the way to the others, and a task that no interrupt reaches.
        long patience = config.distill().replicas().averaging().replicaTimeout().toSeconds();
        conf.setIfMissing("spark.barrier.sync.timeout", patience + "s");
        conf.setIfMissing("spark.task.reaper.enabled", "true");
        conf.setIfMissing("spark.task.reaper.killTimeout", "60s");
        Path directory = RunLayout.of(config).dir();
        RunControl control = new RunControl(directory, config.run().leaseTimeout());
        try (RunLease lease = RunLease.acquire(
                directory,
                config.run().leaseTimeout(),
                text -> console.accept("lease    " + text),
                control::refresh,
                control::leaseLost)) {
            control.holds(lease);
            control.starting(stages.get(0));
            try {
                run(stages, preflight, conf, control, lease);
            } catch (StoppedException e) {
                control.end(RunStatus.State.STOPPED, e.getMessage());
                throw e;
            } catch (Throwable e) { // Spark throws checked exceptions unannounced
                lease.requireHeld();
                control.end(RunStatus.State.FAILED, firstLine(e));
                throw e;
            }
        }
    }

    private void run(List<SparkStage> stages, Preflight preflight, SparkConf conf, RunControl control, RunLease lease) {
        try (JavaSparkContext spark = starter.apply(conf)) {
            console.accept("appId=" + spark.sc().applicationId());
            StageContext context = StageContext.of(spark, config, console, control);
            preflight.checkSlots(context.modelTasks(), stages);
            control.begin(spark);
            context.modelTasks().requireExecutor();
            run(stages, context, lease);
            note(RunLayout.of(config).dir());
            control.end(RunStatus.State.SUCCEEDED, null); // while Spark still answers signals by us
        }
    }

    private void run(List<SparkStage> stages, StageContext context, RunLease lease) {
        for (SparkStage stage : stages) {
            lease.requireHeld();
            context.control().stage(stage);
            if (stage.showsRecord()) {
                note(context.layout().dir());
            }
            stage.run(context);
        }
        lease.requireHeld();
    }

    /** Only once the stages have worked: a configuration that was refused has made nothing here. */
    private void note(Path directory) {
        RunRecord.note(directory, command, Revision.current(), config.settings());
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }
}
