package org.xecomla.spark.stage;

import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.report.RunReport;
import org.xecomla.run.RunLayout;

/**
 * All stages, in the order of a run: each reads what earlier ones have written. A new stage is a class and its line
 * here.
 */
public final class Stages {
    private static final List<SparkStage> ALL = List.of(
            new ShardStage(),
            new TeacherStage(),
            new InitStage(),
            new DistillStage(),
            new DpoStage(),
            new EvalStage(),
            new ExportStage(),
            new SweepStage(),
            new ReportStage());

    private Stages() {}

    public static List<SparkStage> all() {
        return ALL;
    }

    /** The stages of an ordinary run. */
    public static List<SparkStage> ofRun() {
        return ALL.stream().filter(SparkStage::isOfRun).toList();
    }

    /** The stages of these names, in the order of the names. */
    public static List<SparkStage> named(String... names) {
        return Stream.of(names).map(Stages::named).toList();
    }

    /** @throws UserException where there is none */
    private static SparkStage named(String name) {
        return ALL.stream()
                .filter(stage -> stage.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new UserException("there is no stage " + name + ", only " + String.join(", ", names())));
    }

    /** The page of the run in {@code directory}, as {@link RunReport#write}; returns its path. */
    public static Path report(Path directory) {
        RunLayout layout = new RunLayout(directory);
        return RunReport.write(
                directory,
                ALL.stream().flatMap(stage -> stage.outputs(layout).stream()).toList());
    }

    /** All names, in the order of a run. */
    public static List<String> names() {
        return ALL.stream().map(SparkStage::name).toList();
    }
}
